BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'half/match');
INSERT INTO "studies" VALUES(2,'half/tags');
INSERT INTO "studies" VALUES(3,'half/topics');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MAXIMIZE',1,0);
INSERT INTO "study_directions" VALUES(2,'MAXIMIZE',2,0);
INSERT INTO "study_directions" VALUES(3,'MAXIMIZE',3,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'config','{"name": "half", "model": "model", "tasks": ["bitext", "same", "shut", "words"], "targets": ["match", "tags", "topics"], "suite": "tiny", "cards": ["cards"], "space": {"min_tasks": 1, "max_tasks": 2, "min_weight": 0.1, "weight_step": 0.05, "exclude": [["same", "bitext"]], "licences": ["CC BY 4.0", "none"], "hyperparameters": {}}, "stages": {"intermediate": {"examples": 64, "batch_size": 8, "micro_batch": 4, "max_length": 16, "learning_rate": 0.005, "head_learning_rate": 0.02, "warmup": 0.1, "schedule": "linear", "weight_decay": 0.01, "clip": 1.0, "freeze_embeddings": false}, "target": {"examples": 64, "batch_size": 4, "micro_batch": null, "max_length": 16, "learning_rate": 0.005, "head_learning_rate": 0.02, "warmup": 0.1, "schedule": "linear", "weight_decay": 0.01, "clip": 1.0, "freeze_embeddings": false}, "per_target": {"topics": {"examples": [192, 64], "learning_rate": 0.02}}}, "evaluation": {"batch_size": 16, "max_examples": 20, "pooling": "mean", "layer": "auto"}, "engine": {"zero": 0, "precision": "auto"}, "halving": {"rungs": [0.5, 1.0], "eta": 3}, "budget": {"recipes": 6, "work_items": null, "hours": null, "gpu_hours": null, "until": "expected gain < 0.01"}, "start": {"mixtures": [], "priors": ["earlier", "published"], "all_tasks": false, "single_tasks": false}, "confirm": {"top": 1, "seeds": 1}, "sampler": {"name": "mixture", "startup": 8, "estimates": 2, "probe": "logme"}, "seed": 7, "resources": {"cpus": 1.0, "gpus": 0.0, "workers": 1, "concurrency": 1}, "storage": {"studies": null, "mlflow": null, "store": null, "max_gb": null, "cache": null, "mirror": null}, "failures": {"max_share": 0.3, "retries": 3, "halvings": 2}}');
INSERT INTO "study_user_attributes" VALUES(2,1,'earlier','[{"mixture": {"bitext": 1.0}, "reason": "search whole: +32.5 on match"}, {"mixture": {"words": 1.0}, "reason": "search whole: +22.3 on tags"}]');
INSERT INTO "study_user_attributes" VALUES(3,1,'versions','{"bitext": "3314e6298114b577a6eedaa2385f27c0", "same": "32d2f1d284ac1f24a8de933868e729fa", "words": "69dcd57ec8125f611da92cd3c80d5a84", "match": "781cf02a4c4d0fc82b85d4a23e88236a", "tags": "14c965d9ff5e251b2a92888e4a2a2771", "topics": "1bf61759de7aca319289b32c0e064ab7", "animals": "203c8b60757a7a2e90ad514cf1240792", "beasts": "328e408ca64dfac7f0f4fea3a0e0f6fe"}');
INSERT INTO "study_user_attributes" VALUES(4,1,'wall_seconds','8.353149520999978');
CREATE TABLE taskmix_leases (
	search VARCHAR(255) NOT NULL, 
	holder VARCHAR(36) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	machine VARCHAR(255) NOT NULL, 
	pid INTEGER NOT NULL, 
	born VARCHAR(32) NOT NULL, 
	taken FLOAT NOT NULL, 
	expires FLOAT NOT NULL, 
	PRIMARY KEY (search)
);
INSERT INTO "taskmix_leases" VALUES('half','d9e9a15c-4425-4ba1-8a8a-c4361130c76f','elsewhere','elsewhere 0 pid:[0]',29220,'189141',1.79586792750500226023e+09,1.79586795750500226014e+09);
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_intermediate_values" VALUES(1,2,0,2.63157894736842090654e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(2,3,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(3,1,0,0.1,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(4,5,1,6.52173913043478270523e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(5,6,1,0.75,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(6,4,1,0.1,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(7,8,0,4.10256410256410242176e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(8,9,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(9,7,0,0.2,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(10,11,0,0.15,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(11,12,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(12,10,0,5.21739130434782705236e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(13,14,0,0.1,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(14,15,0,1.76470588235294129075e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(15,13,0,0.525,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(16,16,1,0.35,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(17,17,1,8.19562899786780318933e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(18,18,1,6.00000000000000088817e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(19,20,0,-2.28793671060838921249e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(20,21,0,-8.28727128341403940225e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(21,19,0,0.3,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(22,23,0,-1.7213768134585968883e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(23,24,0,-7.72456204130302692689e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(24,22,0,0.15,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(25,26,0,1.21212121212121215485e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(26,27,0,0.525,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(27,25,0,0.1,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(28,28,1,0.775,'FINITE');
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(2,1,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(3,1,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(4,1,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(5,1,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(6,1,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(7,2,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(8,2,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(9,2,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(10,2,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(11,2,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(12,2,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(13,3,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(14,3,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(15,3,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(16,3,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(17,3,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(18,3,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(19,4,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(20,4,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(21,4,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(22,4,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(23,4,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(24,4,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(25,5,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(26,5,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(27,5,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(28,5,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(29,5,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(30,5,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(31,6,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(32,6,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(33,6,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(34,6,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(35,6,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(36,6,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(37,7,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(38,7,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(39,7,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(40,7,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(41,7,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(42,7,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(43,8,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(44,8,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(45,8,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(46,8,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(47,8,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(48,8,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(49,9,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(50,9,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(51,9,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(52,9,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(53,9,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(54,9,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(55,10,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(56,10,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(57,10,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(58,10,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(59,10,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(60,10,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(61,11,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(62,11,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(63,11,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(64,11,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(65,11,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(66,11,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(67,12,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(68,12,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(69,12,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(70,12,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(71,12,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(72,12,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(73,13,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(74,13,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(75,13,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(76,13,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(77,13,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(78,13,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(79,14,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(80,14,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(81,14,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(82,14,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(83,14,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(84,14,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(85,15,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(86,15,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(87,15,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(88,15,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(89,15,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(90,15,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(91,16,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(92,16,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(93,16,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(94,16,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(95,16,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(96,16,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(97,17,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(98,17,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(99,17,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(100,17,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(101,17,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(102,17,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(103,18,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(104,18,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(105,18,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(106,18,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(107,18,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(108,18,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(109,19,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(110,19,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(111,19,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(112,19,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(113,19,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(114,19,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(115,20,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(116,20,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(117,20,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(118,20,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(119,20,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(120,20,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(121,21,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(122,21,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(123,21,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(124,21,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(125,21,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(126,21,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(127,22,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(128,22,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(129,22,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(130,22,'ratio.same',-8.67300527694053080551e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(131,22,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(132,22,'ratio.words',8.67300527694053302596e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(133,23,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(134,23,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(135,23,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(136,23,'ratio.same',-8.67300527694053080551e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(137,23,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(138,23,'ratio.words',8.67300527694053302596e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(139,24,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(140,24,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(141,24,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(142,24,'ratio.same',-8.67300527694053080551e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(143,24,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(144,24,'ratio.words',8.67300527694053302596e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(145,25,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(146,25,'ratio.bitext',1.09861228866810956006e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(147,25,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(148,25,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(149,25,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(150,25,'ratio.words',-1.09861228866810956006e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(151,26,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(152,26,'ratio.bitext',1.09861228866810956006e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(153,26,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(154,26,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(155,26,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(156,26,'ratio.words',-1.09861228866810956006e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(157,27,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(158,27,'ratio.bitext',1.09861228866810956006e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(159,27,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(160,27,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(161,27,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(162,27,'ratio.words',-1.09861228866810956006e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(163,28,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(164,28,'ratio.bitext',1.09861228866810956006e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(165,28,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(166,28,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(167,28,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(168,28,'ratio.words',-1.09861228866810956006e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(169,29,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(170,29,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(171,29,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(172,29,'ratio.same',1.09861228866810956006e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
INSERT INTO "trial_params" VALUES(173,29,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(174,29,'ratio.words',-1.09861228866810956006e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -2.3025850929940455, "high": 2.3025850929940455, "log": false}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "baseline", "item": {"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "targets": ["match", "tags", "topics"]}}');
INSERT INTO "trial_user_attributes" VALUES(2,2,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "baseline"}');
INSERT INTO "trial_user_attributes" VALUES(3,2,'result','{"score": {"target": "tags", "score": 0.2631578947368421, "dev": {"en": {"f1": 0.2631578947368421, "accuracy": 0.8015267175572519}, "de": {"f1": 0.2631578947368421, "accuracy": 0.8015267175572519}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.7050987009999972}}');
INSERT INTO "trial_user_attributes" VALUES(4,3,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "baseline"}');
INSERT INTO "trial_user_attributes" VALUES(5,3,'result','{"score": {"target": "topics", "score": 0.5, "dev": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.17878696599996147}}');
INSERT INTO "trial_user_attributes" VALUES(6,1,'result','{"score": {"target": "match", "score": 0.1, "dev": {"de": {"accuracy": 0.1}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.037566487000049165}}');
INSERT INTO "trial_user_attributes" VALUES(7,1,'cost','{"seconds": 1.31233404600016, "training_seconds": 0.20230602299989187, "gpu_seconds": 0.0, "examples": 160}');
INSERT INTO "trial_user_attributes" VALUES(8,4,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "kind": "baseline", "item": {"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "targets": ["match", "tags", "topics"]}}');
INSERT INTO "trial_user_attributes" VALUES(9,5,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "kind": "baseline"}');
INSERT INTO "trial_user_attributes" VALUES(10,5,'result','{"score": {"target": "tags", "score": 0.6521739130434783, "dev": {"en": {"f1": 0.6521739130434783, "accuracy": 0.8778625954198473}, "de": {"f1": 0.6521739130434783, "accuracy": 0.8778625954198473}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": 0.7142857142857143, "test": {"en": {"f1": 0.7142857142857143, "accuracy": 0.905511811023622}, "de": {"f1": 0.7142857142857143, "accuracy": 0.905511811023622}}, "tuned": {}, "examples": 64, "seconds": 0.10357855099982771}}');
INSERT INTO "trial_user_attributes" VALUES(11,6,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "kind": "baseline"}');
INSERT INTO "trial_user_attributes" VALUES(12,6,'result','{"score": {"target": "topics", "score": 0.75, "dev": {"en": {"accuracy": 1.0}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": 0.75, "test": {"en": {"accuracy": 1.0}, "de": {"accuracy": 0.5}}, "tuned": {}, "examples": 256, "seconds": 0.2866100229998665}}');
INSERT INTO "trial_user_attributes" VALUES(13,4,'result','{"score": {"target": "match", "score": 0.1, "dev": {"de": {"accuracy": 0.1}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": 0.1, "test": {"de": {"accuracy": 0.1}}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.03240811299997404}}');
INSERT INTO "trial_user_attributes" VALUES(14,4,'cost','{"seconds": 0.7097614199999498, "training_seconds": 0.3083307359997889, "gpu_seconds": 0.0, "examples": 320}');
INSERT INTO "trial_user_attributes" VALUES(15,7,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "start", "item": {"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "targets": ["match", "tags", "topics"]}}');
INSERT INTO "trial_user_attributes" VALUES(16,8,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(17,8,'result','{"score": {"target": "tags", "score": 0.41025641025641024, "dev": {"en": {"f1": 0.41025641025641024, "accuracy": 0.8244274809160306}, "de": {"f1": 0.41025641025641024, "accuracy": 0.8244274809160306}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.06642115100021329}}');
INSERT INTO "trial_user_attributes" VALUES(18,9,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(19,9,'result','{"score": {"target": "topics", "score": 0.5, "dev": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.1778881980001188}}');
INSERT INTO "trial_user_attributes" VALUES(20,7,'result','{"score": {"target": "match", "score": 0.2, "dev": {"de": {"accuracy": 0.2}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.025811045000182276}}');
INSERT INTO "trial_user_attributes" VALUES(21,7,'cost','{"seconds": 0.6463693870000498, "training_seconds": 0.22191899299991746, "gpu_seconds": 0.0, "examples": 192}');
INSERT INTO "trial_user_attributes" VALUES(22,10,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "start", "item": {"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "targets": ["match", "tags", "topics"]}}');
INSERT INTO "trial_user_attributes" VALUES(23,11,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(24,11,'result','{"score": {"target": "match", "score": 0.15, "dev": {"de": {"accuracy": 0.15}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.030168654999897626}}');
INSERT INTO "trial_user_attributes" VALUES(25,12,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(26,12,'result','{"score": {"target": "topics", "score": 0.5, "dev": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.20037444800004778}}');
INSERT INTO "trial_user_attributes" VALUES(27,10,'result','{"score": {"target": "tags", "score": 0.5217391304347827, "dev": {"en": {"f1": 0.5217391304347827, "accuracy": 0.8549618320610687}, "de": {"f1": 0.5217391304347827, "accuracy": 0.8549618320610687}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.0887340790000053}}');
INSERT INTO "trial_user_attributes" VALUES(28,10,'cost','{"seconds": 0.6895844160001161, "training_seconds": 0.251613118999785, "gpu_seconds": 0.0, "examples": 192}');
INSERT INTO "trial_user_attributes" VALUES(29,13,'record','{"recipe": {"mixture": {"same": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "start", "item": {"recipe": {"mixture": {"same": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "targets": ["match", "tags", "topics"]}}');
INSERT INTO "trial_user_attributes" VALUES(30,14,'record','{"recipe": {"mixture": {"same": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(31,14,'result','{"score": {"target": "match", "score": 0.1, "dev": {"de": {"accuracy": 0.1}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.029011427999876105}}');
INSERT INTO "trial_user_attributes" VALUES(32,15,'record','{"recipe": {"mixture": {"same": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(33,15,'result','{"score": {"target": "tags", "score": 0.17647058823529413, "dev": {"en": {"f1": 0.17647058823529413, "accuracy": 0.7862595419847328}, "de": {"f1": 0.17647058823529413, "accuracy": 0.7862595419847328}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.07510934699985228}}');
INSERT INTO "trial_user_attributes" VALUES(34,13,'result','{"score": {"target": "topics", "score": 0.525, "dev": {"en": {"accuracy": 0.55}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.1802023810000719}}');
INSERT INTO "trial_user_attributes" VALUES(35,13,'cost','{"seconds": 0.6465660999999727, "training_seconds": 0.2242347950000294, "gpu_seconds": 0.0, "examples": 192}');
INSERT INTO "trial_user_attributes" VALUES(36,16,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "kind": "promotion", "item": {"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "targets": ["match"]}}');
INSERT INTO "trial_user_attributes" VALUES(37,16,'result','{"score": {"target": "match", "score": 0.35, "dev": {"de": {"accuracy": 0.35}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": 0.55, "test": {"de": {"accuracy": 0.55}}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.03756946299995434}}');
INSERT INTO "trial_user_attributes" VALUES(38,16,'cost','{"seconds": 0.420473260000108, "training_seconds": 0.047900296000079834, "gpu_seconds": 0.0, "examples": 32}');
INSERT INTO "trial_user_attributes" VALUES(39,17,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "kind": "promotion", "item": {"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "targets": ["tags"]}}');
INSERT INTO "trial_user_attributes" VALUES(40,17,'result','{"score": {"target": "tags", "score": 0.8195628997867803, "dev": {"en": {"f1": 0.8928571428571428, "accuracy": 0.9541984732824428}, "de": {"f1": 0.746268656716418, "accuracy": 0.8702290076335878}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": 0.8635087719298246, "test": {"en": {"f1": 0.92, "accuracy": 0.968503937007874}, "de": {"f1": 0.8070175438596491, "accuracy": 0.9133858267716536}}, "tuned": {}, "examples": 64, "seconds": 0.11935540200011019}}');
INSERT INTO "trial_user_attributes" VALUES(41,17,'cost','{"seconds": 0.4672482770001807, "training_seconds": 0.10579882200022439, "gpu_seconds": 0.0, "examples": 96}');
INSERT INTO "trial_user_attributes" VALUES(42,18,'record','{"recipe": {"mixture": {"same": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "kind": "promotion", "item": {"recipe": {"mixture": {"same": 1.0}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "targets": ["topics"]}}');
INSERT INTO "trial_user_attributes" VALUES(43,18,'result','{"score": {"target": "topics", "score": 0.6000000000000001, "dev": {"en": {"accuracy": 0.65}, "de": {"accuracy": 0.55}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": 0.625, "test": {"en": {"accuracy": 0.85}, "de": {"accuracy": 0.4}}, "tuned": {}, "examples": 256, "seconds": 0.3124966629998198}}');
INSERT INTO "trial_user_attributes" VALUES(44,18,'cost','{"seconds": 0.6535281829999349, "training_seconds": 0.3030246309999711, "gpu_seconds": 0.0, "examples": 288}');
INSERT INTO "trial_user_attributes" VALUES(45,19,'record','{"recipe": {"mixture": {"bitext": 0.5, "words": 0.5}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "estimate", "item": {"recipe": {"mixture": {"bitext": 0.5, "words": 0.5}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "targets": ["match", "tags", "topics"], "merged": true}}');
INSERT INTO "trial_user_attributes" VALUES(46,20,'record','{"recipe": {"mixture": {"bitext": 0.5, "words": 0.5}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "estimate"}');
INSERT INTO "trial_user_attributes" VALUES(47,20,'result','{"score": {"target": "tags", "score": -0.22879367106083892, "dev": {}, "floor": 0.0, "floors": {}, "test_score": null, "test": {}, "tuned": {}, "examples": 0, "seconds": 0.04263792300002933}}');
INSERT INTO "trial_user_attributes" VALUES(48,21,'record','{"recipe": {"mixture": {"bitext": 0.5, "words": 0.5}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "estimate"}');
INSERT INTO "trial_user_attributes" VALUES(49,21,'result','{"score": {"target": "topics", "score": -0.8287271283414039, "dev": {}, "floor": 0.0, "floors": {}, "test_score": null, "test": {}, "tuned": {}, "examples": 0, "seconds": 0.012252911999894422}}');
INSERT INTO "trial_user_attributes" VALUES(50,19,'result','{"score": {"target": "match", "score": 0.3, "dev": {"de": {"accuracy": 0.3}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.026854220999894096}}');
INSERT INTO "trial_user_attributes" VALUES(51,19,'cost','{"seconds": 0.3949538429999393, "training_seconds": 0.0, "gpu_seconds": 0.0, "examples": 0}');
INSERT INTO "trial_user_attributes" VALUES(52,22,'record','{"recipe": {"mixture": {"same": 0.15, "words": 0.85}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "estimate", "item": {"recipe": {"mixture": {"same": 0.15, "words": 0.85}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "targets": ["match", "tags", "topics"], "merged": true}}');
INSERT INTO "trial_user_attributes" VALUES(53,23,'record','{"recipe": {"mixture": {"same": 0.15, "words": 0.85}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "estimate"}');
INSERT INTO "trial_user_attributes" VALUES(54,23,'result','{"score": {"target": "tags", "score": -0.1721376813458597, "dev": {}, "floor": 0.0, "floors": {}, "test_score": null, "test": {}, "tuned": {}, "examples": 0, "seconds": 0.008317722999890975}}');
INSERT INTO "trial_user_attributes" VALUES(55,24,'record','{"recipe": {"mixture": {"same": 0.15, "words": 0.85}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "estimate"}');
INSERT INTO "trial_user_attributes" VALUES(56,24,'result','{"score": {"target": "topics", "score": -0.7724562041303027, "dev": {}, "floor": 0.0, "floors": {}, "test_score": null, "test": {}, "tuned": {}, "examples": 0, "seconds": 0.005653514999949039}}');
INSERT INTO "trial_user_attributes" VALUES(57,22,'result','{"score": {"target": "match", "score": 0.15, "dev": {"de": {"accuracy": 0.15}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.02787094700011039}}');
INSERT INTO "trial_user_attributes" VALUES(58,22,'cost','{"seconds": 0.360608738999872, "training_seconds": 0.0, "gpu_seconds": 0.0, "examples": 0}');
INSERT INTO "trial_user_attributes" VALUES(59,25,'record','{"recipe": {"mixture": {"bitext": 0.9, "words": 0.1}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "proposal", "item": {"recipe": {"mixture": {"bitext": 0.9, "words": 0.1}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "targets": ["match", "tags", "topics"]}}');
INSERT INTO "trial_user_attributes" VALUES(60,26,'record','{"recipe": {"mixture": {"bitext": 0.9, "words": 0.1}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "proposal"}');
INSERT INTO "trial_user_attributes" VALUES(61,26,'result','{"score": {"target": "tags", "score": 0.12121212121212122, "dev": {"en": {"f1": 0.12121212121212122, "accuracy": 0.7786259541984732}, "de": {"f1": 0.12121212121212122, "accuracy": 0.7786259541984732}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.08000163799988513}}');
INSERT INTO "trial_user_attributes" VALUES(62,27,'record','{"recipe": {"mixture": {"bitext": 0.9, "words": 0.1}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "proposal"}');
INSERT INTO "trial_user_attributes" VALUES(63,27,'result','{"score": {"target": "topics", "score": 0.525, "dev": {"en": {"accuracy": 0.55}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.22358348700004171}}');
INSERT INTO "trial_user_attributes" VALUES(64,25,'result','{"score": {"target": "match", "score": 0.1, "dev": {"de": {"accuracy": 0.1}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.0253382739999779}}');
INSERT INTO "trial_user_attributes" VALUES(65,25,'micro_batches','{"intermediate": 2, "tags": 2, "topics": 2}');
INSERT INTO "trial_user_attributes" VALUES(66,25,'cost','{"seconds": 1.0112657320000835, "training_seconds": 0.3207368939999924, "gpu_seconds": 0.0, "examples": 192}');
INSERT INTO "trial_user_attributes" VALUES(67,28,'record','{"recipe": {"mixture": {"bitext": 0.9, "words": 0.1}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "kind": "promotion", "item": {"recipe": {"mixture": {"bitext": 0.9, "words": 0.1}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 1, "targets": ["topics"]}}');
INSERT INTO "trial_user_attributes" VALUES(68,28,'result','{"score": {"target": "topics", "score": 0.775, "dev": {"en": {"accuracy": 0.9}, "de": {"accuracy": 0.65}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": 0.7749999999999999, "test": {"en": {"accuracy": 0.95}, "de": {"accuracy": 0.6}}, "tuned": {}, "examples": 256, "seconds": 0.3068781049998961}}');
INSERT INTO "trial_user_attributes" VALUES(69,28,'cost','{"seconds": 0.661752665999984, "training_seconds": 0.31323392199965383, "gpu_seconds": 0.0, "examples": 288}');
INSERT INTO "trial_user_attributes" VALUES(70,29,'record','{"recipe": {"mixture": {"same": 0.9, "words": 0.1}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "kind": "proposal", "item": {"recipe": {"mixture": {"same": 0.9, "words": 0.1}, "hyperparameters": {}, "model": "model", "seed": 7}, "rung": 0, "targets": ["match", "tags", "topics"]}}');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,2,0,2.63157894736842090654e-01,'FINITE');
INSERT INTO "trial_values" VALUES(2,3,0,0.5,'FINITE');
INSERT INTO "trial_values" VALUES(3,1,0,0.1,'FINITE');
INSERT INTO "trial_values" VALUES(4,5,0,6.52173913043478270523e-01,'FINITE');
INSERT INTO "trial_values" VALUES(5,6,0,0.75,'FINITE');
INSERT INTO "trial_values" VALUES(6,4,0,0.1,'FINITE');
INSERT INTO "trial_values" VALUES(7,8,0,4.10256410256410242176e-01,'FINITE');
INSERT INTO "trial_values" VALUES(8,9,0,0.5,'FINITE');
INSERT INTO "trial_values" VALUES(9,7,0,0.2,'FINITE');
INSERT INTO "trial_values" VALUES(10,11,0,0.15,'FINITE');
INSERT INTO "trial_values" VALUES(11,12,0,0.5,'FINITE');
INSERT INTO "trial_values" VALUES(12,10,0,5.21739130434782705236e-01,'FINITE');
INSERT INTO "trial_values" VALUES(13,14,0,0.1,'FINITE');
INSERT INTO "trial_values" VALUES(14,15,0,1.76470588235294129075e-01,'FINITE');
INSERT INTO "trial_values" VALUES(15,13,0,0.525,'FINITE');
INSERT INTO "trial_values" VALUES(16,16,0,0.35,'FINITE');
INSERT INTO "trial_values" VALUES(17,17,0,8.19562899786780318933e-01,'FINITE');
INSERT INTO "trial_values" VALUES(18,18,0,6.00000000000000088817e-01,'FINITE');
INSERT INTO "trial_values" VALUES(19,20,0,-2.28793671060838921249e-01,'FINITE');
INSERT INTO "trial_values" VALUES(20,21,0,-8.28727128341403940225e-01,'FINITE');
INSERT INTO "trial_values" VALUES(21,19,0,0.3,'FINITE');
INSERT INTO "trial_values" VALUES(22,23,0,-1.7213768134585968883e-01,'FINITE');
INSERT INTO "trial_values" VALUES(23,24,0,-7.72456204130302692689e-01,'FINITE');
INSERT INTO "trial_values" VALUES(24,22,0,0.15,'FINITE');
INSERT INTO "trial_values" VALUES(25,26,0,1.21212121212121215485e-01,'FINITE');
INSERT INTO "trial_values" VALUES(26,27,0,0.525,'FINITE');
INSERT INTO "trial_values" VALUES(27,25,0,0.1,'FINITE');
INSERT INTO "trial_values" VALUES(28,28,0,0.775,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'PRUNED','2026-11-28 12:13:07.934603','2026-11-28 12:13:09.285998');
INSERT INTO "trials" VALUES(2,0,2,'PRUNED','2026-11-28 12:13:09.260289','2026-11-28 12:13:09.260289');
INSERT INTO "trials" VALUES(3,0,3,'PRUNED','2026-11-28 12:13:09.274316','2026-11-28 12:13:09.274316');
INSERT INTO "trials" VALUES(4,1,1,'COMPLETE','2026-11-28 12:13:09.288757','2026-11-28 12:13:10.029425');
INSERT INTO "trials" VALUES(5,1,2,'COMPLETE','2026-11-28 12:13:10.007874','2026-11-28 12:13:10.007874');
INSERT INTO "trials" VALUES(6,1,3,'COMPLETE','2026-11-28 12:13:10.017972','2026-11-28 12:13:10.017972');
INSERT INTO "trials" VALUES(7,2,1,'PRUNED','2026-11-28 12:13:10.031906','2026-11-28 12:13:10.711049');
INSERT INTO "trials" VALUES(8,2,2,'PRUNED','2026-11-28 12:13:10.685024','2026-11-28 12:13:10.685024');
INSERT INTO "trials" VALUES(9,2,3,'PRUNED','2026-11-28 12:13:10.697962','2026-11-28 12:13:10.697962');
INSERT INTO "trials" VALUES(10,3,2,'PRUNED','2026-11-28 12:13:10.713510','2026-11-28 12:13:11.436562');
INSERT INTO "trials" VALUES(11,3,1,'PRUNED','2026-11-28 12:13:11.410945','2026-11-28 12:13:11.410945');
INSERT INTO "trials" VALUES(12,3,3,'PRUNED','2026-11-28 12:13:11.423283','2026-11-28 12:13:11.423283');
INSERT INTO "trials" VALUES(13,4,3,'PRUNED','2026-11-28 12:13:11.439002','2026-11-28 12:13:12.121819');
INSERT INTO "trials" VALUES(14,4,1,'PRUNED','2026-11-28 12:13:12.092926','2026-11-28 12:13:12.092926');
INSERT INTO "trials" VALUES(15,4,2,'PRUNED','2026-11-28 12:13:12.104791','2026-11-28 12:13:12.104791');
INSERT INTO "trials" VALUES(16,5,1,'COMPLETE','2026-11-28 12:13:12.124510','2026-11-28 12:13:12.557717');
INSERT INTO "trials" VALUES(17,5,2,'COMPLETE','2026-11-28 12:13:12.560145','2026-11-28 12:13:13.040328');
INSERT INTO "trials" VALUES(18,5,3,'COMPLETE','2026-11-28 12:13:13.042649','2026-11-28 12:13:13.708289');
INSERT INTO "trials" VALUES(19,6,1,'PRUNED','2026-11-28 12:13:13.729157','2026-11-28 12:13:14.155084');
INSERT INTO "trials" VALUES(20,6,2,'PRUNED','2026-11-28 12:13:14.131611','2026-11-28 12:13:14.131611');
INSERT INTO "trials" VALUES(21,6,3,'PRUNED','2026-11-28 12:13:14.142832','2026-11-28 12:13:14.142832');
INSERT INTO "trials" VALUES(22,7,1,'PRUNED','2026-11-28 12:13:14.157840','2026-11-28 12:13:14.547898');
INSERT INTO "trials" VALUES(23,7,2,'PRUNED','2026-11-28 12:13:14.525039','2026-11-28 12:13:14.525039');
INSERT INTO "trials" VALUES(24,7,3,'PRUNED','2026-11-28 12:13:14.535978','2026-11-28 12:13:14.535978');
INSERT INTO "trials" VALUES(25,8,1,'PRUNED','2026-11-28 12:13:14.574716','2026-11-28 12:13:15.617374');
INSERT INTO "trials" VALUES(26,8,2,'PRUNED','2026-11-28 12:13:15.593653','2026-11-28 12:13:15.593653');
INSERT INTO "trials" VALUES(27,8,3,'PRUNED','2026-11-28 12:13:15.604760','2026-11-28 12:13:15.604760');
INSERT INTO "trials" VALUES(28,9,3,'COMPLETE','2026-11-28 12:13:15.619321','2026-11-28 12:13:16.293002');
INSERT INTO "trials" VALUES(29,9,2,'RUNNING','2026-11-28 12:13:16.315683',NULL);
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
