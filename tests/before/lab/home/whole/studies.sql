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
INSERT INTO "studies" VALUES(1,'whole/tags');
INSERT INTO "studies" VALUES(2,'whole/topics');
INSERT INTO "studies" VALUES(3,'whole/match');
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
INSERT INTO "study_user_attributes" VALUES(1,1,'config','{"name": "whole", "model": "model", "tasks": ["bitext", "same", "shut", "words"], "targets": ["tags", "topics", "match"], "suite": null, "cards": ["cards"], "space": {"min_tasks": 1, "max_tasks": 3, "min_weight": 0.2, "weight_step": 0.1, "exclude": [], "licences": ["CC BY 4.0", "none"], "hyperparameters": {"intermediate.learning_rate": {"low": 0.001, "high": 0.01, "log": true, "step": null, "choices": null, "default": null}, "intermediate.max_length": {"low": null, "high": null, "log": false, "step": null, "choices": [16, 48], "default": null}}}, "stages": {"intermediate": {"examples": 64, "batch_size": 8, "micro_batch": 4, "max_length": 16, "learning_rate": 0.005, "head_learning_rate": 0.02, "warmup": 0.1, "schedule": "linear", "weight_decay": 0.01, "clip": 1.0, "freeze_embeddings": false}, "target": {"examples": 64, "batch_size": 4, "micro_batch": null, "max_length": 16, "learning_rate": 0.005, "head_learning_rate": 0.02, "warmup": 0.1, "schedule": "linear", "weight_decay": 0.01, "clip": 1.0, "freeze_embeddings": false}, "per_target": {"topics": {"examples": [192, 64], "learning_rate": 0.02}}}, "evaluation": {"batch_size": 16, "max_examples": 20, "pooling": "mean", "layer": "auto"}, "engine": {"zero": 0, "precision": "auto"}, "halving": {"rungs": [0.5, 1.0], "eta": 3}, "budget": {"recipes": 7, "work_items": null, "hours": null, "gpu_hours": null, "until": null}, "start": {"mixtures": ["words:0.6 + same:0.4"], "priors": ["earlier", "published"], "all_tasks": true, "single_tasks": false}, "confirm": {"top": 1, "seeds": 2}, "sampler": {"name": "mixture", "startup": 8, "estimates": 2, "probe": "stage"}, "seed": 1, "resources": {"cpus": 1.0, "gpus": 0.0, "workers": 1, "concurrency": 1}, "storage": {"studies": null, "mlflow": null, "store": null, "max_gb": null, "cache": null, "mirror": null}, "failures": {"max_share": 0.5, "retries": 3, "halvings": 2}}');
INSERT INTO "study_user_attributes" VALUES(2,1,'earlier','[]');
INSERT INTO "study_user_attributes" VALUES(3,1,'versions','{"bitext": "3314e6298114b577a6eedaa2385f27c0", "same": "32d2f1d284ac1f24a8de933868e729fa", "words": "69dcd57ec8125f611da92cd3c80d5a84", "tags": "14c965d9ff5e251b2a92888e4a2a2771", "topics": "1bf61759de7aca319289b32c0e064ab7", "match": "781cf02a4c4d0fc82b85d4a23e88236a", "animals": "203c8b60757a7a2e90ad514cf1240792", "beasts": "328e408ca64dfac7f0f4fea3a0e0f6fe"}');
INSERT INTO "study_user_attributes" VALUES(4,1,'wall_seconds','12.547952068000086');
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
INSERT INTO "trial_intermediate_values" VALUES(1,2,0,0.55,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(2,3,0,0.1,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(3,1,0,3.68421052631578926916e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(4,5,1,0.775,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(5,6,1,0.1,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(6,4,1,5.58139534883720922486e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(7,8,0,0.55,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(8,9,0,0.05,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(9,7,0,0.0,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(10,11,0,1.76470588235294129075e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(11,12,0,0.1,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(12,10,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(13,14,0,2.28571428571428592046e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(14,15,0,0.525,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(15,13,0,0.15,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(16,17,1,0.4,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(17,16,1,4.18604651162790775131e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(18,18,1,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(19,20,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(20,21,0,0.05,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(21,19,0,1.76470588235294129075e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(22,23,0,4.76190476190476108531e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(23,24,0,0.05,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(24,22,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(25,25,1,7.92735042735042694239e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(26,27,0,0.55,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(27,28,0,0.15,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(28,26,0,4.50000000000000066613e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(29,30,0,0.525,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(30,31,0,0.25,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(31,29,0,1.76470588235294129075e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(32,33,0,3.24324324324324286816e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(33,34,0,0.525,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(34,32,0,0.2,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(35,36,1,0.55,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(36,37,1,0.3,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(37,35,1,5.90909090909090939369e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(38,42,1,0.575,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(39,43,1,0.1,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(40,41,1,0.56,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(41,44,1,7.72267206477732726099e-01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(42,45,1,0.75,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(43,46,1,0.45,'FINITE');
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
INSERT INTO "trial_params" VALUES(2,1,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(3,1,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(4,1,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(5,1,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(6,1,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(7,1,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(8,1,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(9,2,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(10,2,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(11,2,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(12,2,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(13,2,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(14,2,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(15,2,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(16,2,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(17,3,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(18,3,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(19,3,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(20,3,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(21,3,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(22,3,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(23,3,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(24,3,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(25,4,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(26,4,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(27,4,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(28,4,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(29,4,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(30,4,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(31,4,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(32,4,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(33,5,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(34,5,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(35,5,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(36,5,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(37,5,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(38,5,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(39,5,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(40,5,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(41,6,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(42,6,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(43,6,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(44,6,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(45,6,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(46,6,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(47,6,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(48,6,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(49,7,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(50,7,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(51,7,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(52,7,'ratio.same',-2.02732554054082192429e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(53,7,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(54,7,'ratio.words',2.02732554054082081407e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(55,7,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(56,7,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(57,8,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(58,8,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(59,8,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(60,8,'ratio.same',-2.02732554054082192429e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(61,8,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(62,8,'ratio.words',2.02732554054082081407e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(63,8,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(64,8,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(65,9,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(66,9,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(67,9,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(68,9,'ratio.same',-2.02732554054082192429e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(69,9,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(70,9,'ratio.words',2.02732554054082081407e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(71,9,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(72,9,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(73,10,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(74,10,'ratio.bitext',1.91788048301187452615e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(75,10,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(76,10,'ratio.same',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(77,10,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(78,10,'ratio.words',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(79,10,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(80,10,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(81,11,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(82,11,'ratio.bitext',1.91788048301187452615e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(83,11,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(84,11,'ratio.same',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(85,11,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(86,11,'ratio.words',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(87,11,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(88,11,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(89,12,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(90,12,'ratio.bitext',1.91788048301187452615e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(91,12,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(92,12,'ratio.same',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(93,12,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(94,12,'ratio.words',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(95,12,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(96,12,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(97,13,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(98,13,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(99,13,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(100,13,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(101,13,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(102,13,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(103,13,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(104,13,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(105,14,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(106,14,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(107,14,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(108,14,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(109,14,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(110,14,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(111,14,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(112,14,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(113,15,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(114,15,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(115,15,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(116,15,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(117,15,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(118,15,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(119,15,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(120,15,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(121,16,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(122,16,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(123,16,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(124,16,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(125,16,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(126,16,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(127,16,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(128,16,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(129,17,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(130,17,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(131,17,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(132,17,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(133,17,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(134,17,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(135,17,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(136,17,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(137,18,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(138,18,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(139,18,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(140,18,'ratio.same',-2.02732554054082192429e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(141,18,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(142,18,'ratio.words',2.02732554054082081407e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(143,18,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(144,18,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(145,19,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(146,19,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(147,19,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(148,19,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(149,19,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(150,19,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(151,19,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(152,19,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(153,20,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(154,20,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(155,20,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(156,20,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(157,20,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(158,20,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(159,20,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(160,20,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(161,21,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(162,21,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(163,21,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(164,21,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(165,21,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(166,21,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(167,21,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(168,21,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(169,22,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(170,22,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(171,22,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(172,22,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(173,22,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(174,22,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(175,22,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(176,22,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(177,23,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(178,23,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(179,23,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(180,23,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(181,23,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(182,23,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(183,23,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(184,23,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(185,24,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(186,24,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(187,24,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(188,24,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(189,24,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(190,24,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(191,24,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(192,24,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(193,25,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(194,25,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(195,25,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(196,25,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(197,25,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(198,25,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(199,25,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(200,25,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(201,26,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(202,26,'ratio.bitext',1.91788048301187452615e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(203,26,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(204,26,'ratio.same',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(205,26,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(206,26,'ratio.words',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(207,26,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(208,26,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(209,27,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(210,27,'ratio.bitext',1.91788048301187452615e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(211,27,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(212,27,'ratio.same',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(213,27,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(214,27,'ratio.words',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(215,27,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(216,27,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(217,28,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(218,28,'ratio.bitext',1.91788048301187452615e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(219,28,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(220,28,'ratio.same',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(221,28,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(222,28,'ratio.words',-9.58940241505936707966e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(223,28,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(224,28,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(225,29,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(226,29,'ratio.bitext',4.23648930193601835902e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(227,29,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(228,29,'ratio.same',-4.23648930193601835902e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(229,29,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(230,29,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(231,29,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(232,29,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(233,30,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(234,30,'ratio.bitext',4.23648930193601835902e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(235,30,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(236,30,'ratio.same',-4.23648930193601835902e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(237,30,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(238,30,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(239,30,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(240,30,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(241,31,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(242,31,'ratio.bitext',4.23648930193601835902e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(243,31,'use.same',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(244,31,'ratio.same',-4.23648930193601835902e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(245,31,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(246,31,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(247,31,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(248,31,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(249,32,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(250,32,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(251,32,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(252,32,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(253,32,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(254,32,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(255,32,'hp.intermediate.learning_rate',2.03466168723111153621e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(256,32,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(257,33,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(258,33,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(259,33,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(260,33,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(261,33,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(262,33,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(263,33,'hp.intermediate.learning_rate',2.03466168723111153621e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(264,33,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(265,34,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(266,34,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(267,34,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(268,34,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(269,34,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(270,34,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(271,34,'hp.intermediate.learning_rate',2.03466168723111153621e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(272,34,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(273,35,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(274,35,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(275,35,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(276,35,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(277,35,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(278,35,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(279,35,'hp.intermediate.learning_rate',2.03466168723111153621e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(280,35,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(281,36,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(282,36,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(283,36,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(284,36,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(285,36,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(286,36,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(287,36,'hp.intermediate.learning_rate',2.03466168723111153621e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(288,36,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(289,37,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(290,37,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(291,37,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(292,37,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(293,37,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(294,37,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(295,37,'hp.intermediate.learning_rate',2.03466168723111153621e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(296,37,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(297,38,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(298,38,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(299,38,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(300,38,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(301,38,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(302,38,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(303,38,'hp.intermediate.learning_rate',9.54609733623284356651e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(304,38,'hp.intermediate.max_length',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(305,39,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(306,39,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(307,39,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(308,39,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(309,39,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(310,39,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(311,39,'hp.intermediate.learning_rate',9.54609733623284356651e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(312,39,'hp.intermediate.max_length',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(313,40,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(314,40,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(315,40,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(316,40,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(317,40,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(318,40,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(319,40,'hp.intermediate.learning_rate',9.54609733623284356651e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(320,40,'hp.intermediate.max_length',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(321,41,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(322,41,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(323,41,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(324,41,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(325,41,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(326,41,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(327,41,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(328,41,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(329,42,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(330,42,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(331,42,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(332,42,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(333,42,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(334,42,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(335,42,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(336,42,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(337,43,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(338,43,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(339,43,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(340,43,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(341,43,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(342,43,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(343,43,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(344,43,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(345,44,'use.bitext',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(346,44,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(347,44,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(348,44,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(349,44,'use.words',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(350,44,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(351,44,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(352,44,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(353,45,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(354,45,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(355,45,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(356,45,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(357,45,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(358,45,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(359,45,'hp.intermediate.learning_rate',2.03466168723111153621e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(360,45,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
INSERT INTO "trial_params" VALUES(361,46,'use.bitext',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(362,46,'ratio.bitext',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(363,46,'use.same',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(364,46,'ratio.same',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(365,46,'use.words',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}');
INSERT INTO "trial_params" VALUES(366,46,'ratio.words',0.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": -1.6094379124341003, "high": 1.6094379124341003, "log": false}}');
INSERT INTO "trial_params" VALUES(367,46,'hp.intermediate.learning_rate',0.005,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 0.01, "log": true}}');
INSERT INTO "trial_params" VALUES(368,46,'hp.intermediate.max_length',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 48]}}');
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
INSERT INTO "trial_user_attributes" VALUES(1,1,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 1}, "rung": 0, "kind": "baseline", "item": {"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 1}, "rung": 0, "targets": ["tags", "topics", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(2,2,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 1}, "rung": 0, "kind": "baseline"}');
INSERT INTO "trial_user_attributes" VALUES(3,2,'result','{"score": {"target": "topics", "score": 0.55, "dev": {"en": {"accuracy": 0.65}, "de": {"accuracy": 0.45}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.2530481950000194}}');
INSERT INTO "trial_user_attributes" VALUES(4,3,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 1}, "rung": 0, "kind": "baseline"}');
INSERT INTO "trial_user_attributes" VALUES(5,3,'result','{"score": {"target": "match", "score": 0.1, "dev": {"de": {"accuracy": 0.1}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.04806978600004186}}');
INSERT INTO "trial_user_attributes" VALUES(6,1,'result','{"score": {"target": "tags", "score": 0.3684210526315789, "dev": {"en": {"f1": 0.3684210526315789, "accuracy": 0.816793893129771}, "de": {"f1": 0.3684210526315789, "accuracy": 0.816793893129771}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.6957869660000142}}');
INSERT INTO "trial_user_attributes" VALUES(7,1,'cost','{"seconds": 1.366003580000097, "training_seconds": 0.20355283800017787, "gpu_seconds": 0.0, "examples": 160}');
INSERT INTO "trial_user_attributes" VALUES(8,4,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 1}, "rung": 1, "kind": "baseline", "item": {"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 1}, "rung": 1, "targets": ["tags", "topics", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(9,5,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 1}, "rung": 1, "kind": "baseline"}');
INSERT INTO "trial_user_attributes" VALUES(10,5,'result','{"score": {"target": "topics", "score": 0.775, "dev": {"en": {"accuracy": 1.0}, "de": {"accuracy": 0.55}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": 0.775, "test": {"en": {"accuracy": 1.0}, "de": {"accuracy": 0.55}}, "tuned": {}, "examples": 256, "seconds": 0.311842372000001}}');
INSERT INTO "trial_user_attributes" VALUES(11,6,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 1}, "rung": 1, "kind": "baseline"}');
INSERT INTO "trial_user_attributes" VALUES(12,6,'result','{"score": {"target": "match", "score": 0.1, "dev": {"de": {"accuracy": 0.1}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": 0.1, "test": {"de": {"accuracy": 0.1}}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.04934952999997222}}');
INSERT INTO "trial_user_attributes" VALUES(13,4,'result','{"score": {"target": "tags", "score": 0.5581395348837209, "dev": {"en": {"f1": 0.5581395348837209, "accuracy": 0.8549618320610687}, "de": {"f1": 0.5581395348837209, "accuracy": 0.8549618320610687}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": 0.6341463414634146, "test": {"en": {"f1": 0.6341463414634146, "accuracy": 0.889763779527559}, "de": {"f1": 0.6341463414634146, "accuracy": 0.889763779527559}}, "tuned": {}, "examples": 64, "seconds": 0.14607349199991404}}');
INSERT INTO "trial_user_attributes" VALUES(14,4,'cost','{"seconds": 0.7680238979999103, "training_seconds": 0.30453303300009793, "gpu_seconds": 0.0, "examples": 320}');
INSERT INTO "trial_user_attributes" VALUES(15,7,'record','{"recipe": {"mixture": {"same": 0.4, "words": 0.6}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start", "item": {"recipe": {"mixture": {"same": 0.4, "words": 0.6}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "targets": ["tags", "topics", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(16,8,'record','{"recipe": {"mixture": {"same": 0.4, "words": 0.6}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(17,8,'result','{"score": {"target": "topics", "score": 0.55, "dev": {"en": {"accuracy": 0.6}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.15352075700002388}}');
INSERT INTO "trial_user_attributes" VALUES(18,9,'record','{"recipe": {"mixture": {"same": 0.4, "words": 0.6}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(19,9,'result','{"score": {"target": "match", "score": 0.05, "dev": {"de": {"accuracy": 0.05}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.02361283100003675}}');
INSERT INTO "trial_user_attributes" VALUES(20,7,'result','{"score": {"target": "tags", "score": 0.0, "dev": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.06207104700001764}}');
INSERT INTO "trial_user_attributes" VALUES(21,7,'cost','{"seconds": 0.6184880790001444, "training_seconds": 0.1932638380001208, "gpu_seconds": 0.0, "examples": 192}');
INSERT INTO "trial_user_attributes" VALUES(22,10,'record','{"recipe": {"mixture": {"bitext": 0.4, "same": 0.3, "words": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start", "item": {"recipe": {"mixture": {"bitext": 0.4, "same": 0.3, "words": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "targets": ["tags", "topics", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(23,11,'record','{"recipe": {"mixture": {"bitext": 0.4, "same": 0.3, "words": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(24,11,'result','{"score": {"target": "tags", "score": 0.17647058823529413, "dev": {"en": {"f1": 0.17647058823529413, "accuracy": 0.7862595419847328}, "de": {"f1": 0.17647058823529413, "accuracy": 0.7862595419847328}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.06081826999979967}}');
INSERT INTO "trial_user_attributes" VALUES(25,12,'record','{"recipe": {"mixture": {"bitext": 0.4, "same": 0.3, "words": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(26,12,'result','{"score": {"target": "match", "score": 0.1, "dev": {"de": {"accuracy": 0.1}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.02650321599980998}}');
INSERT INTO "trial_user_attributes" VALUES(27,10,'result','{"score": {"target": "topics", "score": 0.5, "dev": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.18066077799994673}}');
INSERT INTO "trial_user_attributes" VALUES(28,10,'cost','{"seconds": 0.645296978000033, "training_seconds": 0.22796559699986574, "gpu_seconds": 0.0, "examples": 192}');
INSERT INTO "trial_user_attributes" VALUES(29,13,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start", "item": {"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "targets": ["tags", "topics", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(30,14,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(31,14,'result','{"score": {"target": "tags", "score": 0.2285714285714286, "dev": {"en": {"f1": 0.2285714285714286, "accuracy": 0.7938931297709924}, "de": {"f1": 0.2285714285714286, "accuracy": 0.7938931297709924}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.06667394800001603}}');
INSERT INTO "trial_user_attributes" VALUES(32,15,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(33,15,'result','{"score": {"target": "topics", "score": 0.525, "dev": {"en": {"accuracy": 0.55}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.1721983969998746}}');
INSERT INTO "trial_user_attributes" VALUES(34,13,'result','{"score": {"target": "match", "score": 0.15, "dev": {"de": {"accuracy": 0.15}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.023964814999999362}}');
INSERT INTO "trial_user_attributes" VALUES(35,13,'cost','{"seconds": 0.6025894449999214, "training_seconds": 0.22191707899992252, "gpu_seconds": 0.0, "examples": 192}');
INSERT INTO "trial_user_attributes" VALUES(36,16,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 1, "kind": "promotion", "item": {"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 1, "targets": ["tags", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(37,17,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 1, "kind": "promotion"}');
INSERT INTO "trial_user_attributes" VALUES(38,17,'result','{"score": {"target": "match", "score": 0.4, "dev": {"de": {"accuracy": 0.4}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": 0.6, "test": {"de": {"accuracy": 0.6}}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.03329319699992084}}');
INSERT INTO "trial_user_attributes" VALUES(39,16,'result','{"score": {"target": "tags", "score": 0.4186046511627908, "dev": {"en": {"f1": 0.4186046511627908, "accuracy": 0.8320610687022901}, "de": {"f1": 0.4186046511627908, "accuracy": 0.8320610687022901}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": 0.358974358974359, "test": {"en": {"f1": 0.358974358974359, "accuracy": 0.84251968503937}, "de": {"f1": 0.358974358974359, "accuracy": 0.84251968503937}}, "tuned": {}, "examples": 64, "seconds": 0.11319085699983589}}');
INSERT INTO "trial_user_attributes" VALUES(40,16,'cost','{"seconds": 0.49953071400000226, "training_seconds": 0.11142596600006982, "gpu_seconds": 0.0, "examples": 96}');
INSERT INTO "trial_user_attributes" VALUES(41,18,'record','{"recipe": {"mixture": {"same": 0.4, "words": 0.6}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 1, "kind": "promotion", "item": {"recipe": {"mixture": {"same": 0.4, "words": 0.6}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 1, "targets": ["topics"]}}');
INSERT INTO "trial_user_attributes" VALUES(42,18,'result','{"score": {"target": "topics", "score": 0.5, "dev": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": 0.625, "test": {"en": {"accuracy": 0.75}, "de": {"accuracy": 0.5}}, "tuned": {}, "examples": 256, "seconds": 0.3219692519999171}}');
INSERT INTO "trial_user_attributes" VALUES(43,18,'cost','{"seconds": 0.6835952159999579, "training_seconds": 0.31403578900017237, "gpu_seconds": 0.0, "examples": 288}');
INSERT INTO "trial_user_attributes" VALUES(44,19,'record','{"recipe": {"mixture": {"same": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start", "item": {"recipe": {"mixture": {"same": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "targets": ["tags", "topics", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(45,20,'record','{"recipe": {"mixture": {"same": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(46,20,'result','{"score": {"target": "topics", "score": 0.5, "dev": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.16863574599983622}}');
INSERT INTO "trial_user_attributes" VALUES(47,21,'record','{"recipe": {"mixture": {"same": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(48,21,'result','{"score": {"target": "match", "score": 0.05, "dev": {"de": {"accuracy": 0.05}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.025163409000015236}}');
INSERT INTO "trial_user_attributes" VALUES(49,19,'result','{"score": {"target": "tags", "score": 0.17647058823529413, "dev": {"en": {"f1": 0.17647058823529413, "accuracy": 0.7862595419847328}, "de": {"f1": 0.17647058823529413, "accuracy": 0.7862595419847328}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.0668853360000412}}');
INSERT INTO "trial_user_attributes" VALUES(50,19,'cost','{"seconds": 0.590889844000003, "training_seconds": 0.20495402899996407, "gpu_seconds": 0.0, "examples": 192}');
INSERT INTO "trial_user_attributes" VALUES(51,22,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start", "item": {"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "targets": ["tags", "topics", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(52,23,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(53,23,'result','{"score": {"target": "tags", "score": 0.4761904761904761, "dev": {"en": {"f1": 0.4761904761904761, "accuracy": 0.8396946564885496}, "de": {"f1": 0.4761904761904761, "accuracy": 0.8396946564885496}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.06898857600003794}}');
INSERT INTO "trial_user_attributes" VALUES(54,24,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "start"}');
INSERT INTO "trial_user_attributes" VALUES(55,24,'result','{"score": {"target": "match", "score": 0.05, "dev": {"de": {"accuracy": 0.05}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.02570722000018577}}');
INSERT INTO "trial_user_attributes" VALUES(56,22,'result','{"score": {"target": "topics", "score": 0.5, "dev": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.1698342549998415}}');
INSERT INTO "trial_user_attributes" VALUES(57,22,'cost','{"seconds": 0.6016144239999903, "training_seconds": 0.2085780979998617, "gpu_seconds": 0.0, "examples": 192}');
INSERT INTO "trial_user_attributes" VALUES(58,25,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 1, "kind": "promotion", "item": {"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 1, "targets": ["tags"]}}');
INSERT INTO "trial_user_attributes" VALUES(59,25,'result','{"score": {"target": "tags", "score": 0.7927350427350427, "dev": {"en": {"f1": 0.8076923076923077, "accuracy": 0.9236641221374046}, "de": {"f1": 0.7777777777777777, "accuracy": 0.9083969465648855}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": 0.8979591836734693, "test": {"en": {"f1": 0.8979591836734693, "accuracy": 0.9606299212598425}, "de": {"f1": 0.8979591836734693, "accuracy": 0.9606299212598425}}, "tuned": {}, "examples": 64, "seconds": 0.10886446499989688}}');
INSERT INTO "trial_user_attributes" VALUES(60,25,'cost','{"seconds": 0.4603742480001074, "training_seconds": 0.0982008489997952, "gpu_seconds": 0.0, "examples": 96}');
INSERT INTO "trial_user_attributes" VALUES(61,26,'record','{"recipe": {"mixture": {"bitext": 0.4, "same": 0.3, "words": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "estimate", "item": {"recipe": {"mixture": {"bitext": 0.4, "same": 0.3, "words": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "targets": ["tags", "topics", "match"], "merged": true}}');
INSERT INTO "trial_user_attributes" VALUES(62,27,'record','{"recipe": {"mixture": {"bitext": 0.4, "same": 0.3, "words": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "estimate"}');
INSERT INTO "trial_user_attributes" VALUES(63,27,'result','{"score": {"target": "topics", "score": 0.55, "dev": {"en": {"accuracy": 0.6}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.16301024299991695}}');
INSERT INTO "trial_user_attributes" VALUES(64,28,'record','{"recipe": {"mixture": {"bitext": 0.4, "same": 0.3, "words": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "estimate"}');
INSERT INTO "trial_user_attributes" VALUES(65,28,'result','{"score": {"target": "match", "score": 0.15, "dev": {"de": {"accuracy": 0.15}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.024818964999894888}}');
INSERT INTO "trial_user_attributes" VALUES(66,26,'result','{"score": {"target": "tags", "score": 0.45000000000000007, "dev": {"en": {"f1": 0.45000000000000007, "accuracy": 0.8320610687022901}, "de": {"f1": 0.45000000000000007, "accuracy": 0.8320610687022901}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.06758425999987594}}');
INSERT INTO "trial_user_attributes" VALUES(67,26,'cost','{"seconds": 0.5695813139998336, "training_seconds": 0.16646725600003265, "gpu_seconds": 0.0, "examples": 160}');
INSERT INTO "trial_user_attributes" VALUES(68,29,'record','{"recipe": {"mixture": {"bitext": 0.7, "same": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "estimate", "item": {"recipe": {"mixture": {"bitext": 0.7, "same": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "targets": ["tags", "topics", "match"], "merged": true}}');
INSERT INTO "trial_user_attributes" VALUES(69,30,'record','{"recipe": {"mixture": {"bitext": 0.7, "same": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "estimate"}');
INSERT INTO "trial_user_attributes" VALUES(70,30,'result','{"score": {"target": "topics", "score": 0.525, "dev": {"en": {"accuracy": 0.55}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.1758764770002017}}');
INSERT INTO "trial_user_attributes" VALUES(71,31,'record','{"recipe": {"mixture": {"bitext": 0.7, "same": 0.3}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "estimate"}');
INSERT INTO "trial_user_attributes" VALUES(72,31,'result','{"score": {"target": "match", "score": 0.25, "dev": {"de": {"accuracy": 0.25}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 1.0}}, "examples": 0, "seconds": 0.0259219669999311}}');
INSERT INTO "trial_user_attributes" VALUES(73,29,'result','{"score": {"target": "tags", "score": 0.17647058823529413, "dev": {"en": {"f1": 0.17647058823529413, "accuracy": 0.7862595419847328}, "de": {"f1": 0.17647058823529413, "accuracy": 0.7862595419847328}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.07028946000014002}}');
INSERT INTO "trial_user_attributes" VALUES(74,29,'cost','{"seconds": 0.5887735270000576, "training_seconds": 0.18016771199995674, "gpu_seconds": 0.0, "examples": 160}');
INSERT INTO "trial_user_attributes" VALUES(75,32,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.0020346616872311115, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "proposal", "item": {"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.0020346616872311115, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "targets": ["tags", "topics", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(76,33,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.0020346616872311115, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "proposal"}');
INSERT INTO "trial_user_attributes" VALUES(77,33,'result','{"score": {"target": "tags", "score": 0.3243243243243243, "dev": {"en": {"f1": 0.3243243243243243, "accuracy": 0.8091603053435115}, "de": {"f1": 0.3243243243243243, "accuracy": 0.8091603053435115}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": null, "test": {}, "tuned": {}, "examples": 32, "seconds": 0.06421898200005671}}');
INSERT INTO "trial_user_attributes" VALUES(78,34,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.0020346616872311115, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 0, "kind": "proposal"}');
INSERT INTO "trial_user_attributes" VALUES(79,34,'result','{"score": {"target": "topics", "score": 0.525, "dev": {"en": {"accuracy": 0.55}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": null, "test": {}, "tuned": {}, "examples": 128, "seconds": 0.1580221269998674}}');
INSERT INTO "trial_user_attributes" VALUES(80,32,'result','{"score": {"target": "match", "score": 0.2, "dev": {"de": {"accuracy": 0.2}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": null, "test": {}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.022860967999804416}}');
INSERT INTO "trial_user_attributes" VALUES(81,32,'cost','{"seconds": 0.5847215149999556, "training_seconds": 0.2067993570001363, "gpu_seconds": 0.0, "examples": 192}');
INSERT INTO "trial_user_attributes" VALUES(82,35,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.0020346616872311115, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 1, "kind": "promotion", "item": {"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.0020346616872311115, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 1, "targets": ["tags", "topics", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(83,36,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.0020346616872311115, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 1, "kind": "promotion"}');
INSERT INTO "trial_user_attributes" VALUES(84,36,'result','{"score": {"target": "topics", "score": 0.55, "dev": {"en": {"accuracy": 0.55}, "de": {"accuracy": 0.55}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": 0.725, "test": {"en": {"accuracy": 0.75}, "de": {"accuracy": 0.7}}, "tuned": {}, "examples": 256, "seconds": 0.2863914859999568}}');
INSERT INTO "trial_user_attributes" VALUES(85,37,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.0020346616872311115, "intermediate.max_length": 16}, "model": "model", "seed": 1}, "rung": 1, "kind": "promotion"}');
INSERT INTO "trial_user_attributes" VALUES(86,37,'result','{"score": {"target": "match", "score": 0.3, "dev": {"de": {"accuracy": 0.3}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": 0.5, "test": {"de": {"accuracy": 0.5}}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.031026024999846413}}');
INSERT INTO "trial_user_attributes" VALUES(87,35,'result','{"score": {"target": "tags", "score": 0.5909090909090909, "dev": {"en": {"f1": 0.5909090909090909, "accuracy": 0.8625954198473282}, "de": {"f1": 0.5909090909090909, "accuracy": 0.8625954198473282}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": 0.6976744186046512, "test": {"en": {"f1": 0.6976744186046512, "accuracy": 0.905511811023622}, "de": {"f1": 0.6976744186046512, "accuracy": 0.905511811023622}}, "tuned": {}, "examples": 64, "seconds": 0.10570112899995365}}');
INSERT INTO "trial_user_attributes" VALUES(88,35,'cost','{"seconds": 0.7714664519999133, "training_seconds": 0.35160508200010554, "gpu_seconds": 0.0, "examples": 352}');
INSERT INTO "trial_user_attributes" VALUES(89,38,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.009546097336232844, "intermediate.max_length": 48}, "model": "model", "seed": 1}, "rung": 0, "kind": "proposal", "item": {"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.009546097336232844, "intermediate.max_length": 48}, "model": "model", "seed": 1}, "rung": 0, "targets": ["tags", "topics", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(90,39,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.009546097336232844, "intermediate.max_length": 48}, "model": "model", "seed": 1}, "rung": 0, "kind": "proposal"}');
INSERT INTO "trial_user_attributes" VALUES(91,39,'result','{"failure": {"kind": "exception", "message": "InputError: intermediate.max_length: more tokens than the model has positions for found: 48 fix: at most 20", "details": "Traceback (most recent call last):\n  File \"/taskmix/trainables/work.py\", line 70, in run\n    yield from self._run(tally)\n  File \"/taskmix/trainables/work.py\", line 142, in _run\n    self._check_lengths(item.recipe, missing, base)\n  File \"/taskmix/trainables/work.py\", line 167, in _check_lengths\n    base.check_length(self.plan.intermediate_for(recipe).max_length, \"intermediate.max_length\")\n  File \"/taskmix/trainables/encoders.py\", line 56, in check_length\n    raise InputError(Problem(what, where, str(tokens), f\"at most {self.longest}\"))\nspaces.errors.InputError: intermediate.max_length: more tokens than the model has positions for\n  found: 48\n  fix:   at most 20\n"}}');
INSERT INTO "trial_user_attributes" VALUES(92,40,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.009546097336232844, "intermediate.max_length": 48}, "model": "model", "seed": 1}, "rung": 0, "kind": "proposal"}');
INSERT INTO "trial_user_attributes" VALUES(93,40,'result','{"failure": {"kind": "exception", "message": "InputError: intermediate.max_length: more tokens than the model has positions for found: 48 fix: at most 20", "details": "Traceback (most recent call last):\n  File \"/taskmix/trainables/work.py\", line 70, in run\n    yield from self._run(tally)\n  File \"/taskmix/trainables/work.py\", line 142, in _run\n    self._check_lengths(item.recipe, missing, base)\n  File \"/taskmix/trainables/work.py\", line 167, in _check_lengths\n    base.check_length(self.plan.intermediate_for(recipe).max_length, \"intermediate.max_length\")\n  File \"/taskmix/trainables/encoders.py\", line 56, in check_length\n    raise InputError(Problem(what, where, str(tokens), f\"at most {self.longest}\"))\nspaces.errors.InputError: intermediate.max_length: more tokens than the model has positions for\n  found: 48\n  fix:   at most 20\n"}}');
INSERT INTO "trial_user_attributes" VALUES(94,38,'result','{"failure": {"kind": "exception", "message": "InputError: intermediate.max_length: more tokens than the model has positions for found: 48 fix: at most 20", "details": "Traceback (most recent call last):\n  File \"/taskmix/trainables/work.py\", line 70, in run\n    yield from self._run(tally)\n  File \"/taskmix/trainables/work.py\", line 142, in _run\n    self._check_lengths(item.recipe, missing, base)\n  File \"/taskmix/trainables/work.py\", line 167, in _check_lengths\n    base.check_length(self.plan.intermediate_for(recipe).max_length, \"intermediate.max_length\")\n  File \"/taskmix/trainables/encoders.py\", line 56, in check_length\n    raise InputError(Problem(what, where, str(tokens), f\"at most {self.longest}\"))\nspaces.errors.InputError: intermediate.max_length: more tokens than the model has positions for\n  found: 48\n  fix:   at most 20\n"}}');
INSERT INTO "trial_user_attributes" VALUES(95,38,'cost','{"seconds": 0.27334646899998916, "training_seconds": 0.0, "gpu_seconds": 0.0, "examples": 0}');
INSERT INTO "trial_user_attributes" VALUES(96,41,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 2}, "rung": 1, "kind": "confirm", "item": {"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 2}, "rung": 1, "targets": ["tags", "topics", "match"]}}');
INSERT INTO "trial_user_attributes" VALUES(97,42,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 2}, "rung": 1, "kind": "confirm"}');
INSERT INTO "trial_user_attributes" VALUES(98,42,'result','{"score": {"target": "topics", "score": 0.575, "dev": {"en": {"accuracy": 0.65}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": 0.675, "test": {"en": {"accuracy": 0.85}, "de": {"accuracy": 0.5}}, "tuned": {}, "examples": 256, "seconds": 0.28585766499986676}}');
INSERT INTO "trial_user_attributes" VALUES(99,43,'record','{"recipe": {"mixture": {}, "hyperparameters": {}, "model": "model", "seed": 2}, "rung": 1, "kind": "confirm"}');
INSERT INTO "trial_user_attributes" VALUES(100,43,'result','{"score": {"target": "match", "score": 0.1, "dev": {"de": {"accuracy": 0.1}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": 0.1, "test": {"de": {"accuracy": 0.1}}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.03226507600015793}}');
INSERT INTO "trial_user_attributes" VALUES(101,41,'result','{"score": {"target": "tags", "score": 0.56, "dev": {"en": {"f1": 0.56, "accuracy": 0.8702290076335878}, "de": {"f1": 0.56, "accuracy": 0.8702290076335878}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": 0.6, "test": {"en": {"f1": 0.6, "accuracy": 0.8818897637795275}, "de": {"f1": 0.6, "accuracy": 0.8818897637795275}}, "tuned": {}, "examples": 64, "seconds": 0.10899157000017112}}');
INSERT INTO "trial_user_attributes" VALUES(102,41,'cost','{"seconds": 0.706746302999818, "training_seconds": 0.3121626209999704, "gpu_seconds": 0.0, "examples": 320}');
INSERT INTO "trial_user_attributes" VALUES(103,44,'record','{"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 2}, "rung": 1, "kind": "confirm", "item": {"recipe": {"mixture": {"words": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 2}, "rung": 1, "targets": ["tags"]}}');
INSERT INTO "trial_user_attributes" VALUES(104,44,'result','{"score": {"target": "tags", "score": 0.7722672064777327, "dev": {"en": {"f1": 0.8076923076923077, "accuracy": 0.9236641221374046}, "de": {"f1": 0.7368421052631579, "accuracy": 0.8854961832061069}}, "floor": 0.0, "floors": {"en": {"f1": 0.0, "accuracy": 0.7633587786259542}, "de": {"f1": 0.0, "accuracy": 0.7633587786259542}}, "test_score": 0.7648953301127215, "test": {"en": {"f1": 0.8260869565217391, "accuracy": 0.937007874015748}, "de": {"f1": 0.7037037037037037, "accuracy": 0.8740157480314961}}, "tuned": {}, "examples": 64, "seconds": 0.10479179300000396}}');
INSERT INTO "trial_user_attributes" VALUES(105,44,'cost','{"seconds": 0.4562101259998599, "training_seconds": 0.1220928770003411, "gpu_seconds": 0.0, "examples": 128}');
INSERT INTO "trial_user_attributes" VALUES(106,45,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.0020346616872311115, "intermediate.max_length": 16}, "model": "model", "seed": 2}, "rung": 1, "kind": "confirm", "item": {"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.0020346616872311115, "intermediate.max_length": 16}, "model": "model", "seed": 2}, "rung": 1, "targets": ["topics"]}}');
INSERT INTO "trial_user_attributes" VALUES(107,45,'result','{"score": {"target": "topics", "score": 0.75, "dev": {"en": {"accuracy": 1.0}, "de": {"accuracy": 0.5}}, "floor": 0.5, "floors": {"en": {"accuracy": 0.5}, "de": {"accuracy": 0.5}}, "test_score": 0.75, "test": {"en": {"accuracy": 1.0}, "de": {"accuracy": 0.5}}, "tuned": {}, "examples": 256, "seconds": 0.2844690049998917}}');
INSERT INTO "trial_user_attributes" VALUES(108,45,'cost','{"seconds": 0.6789135369999713, "training_seconds": 0.32270239900026354, "gpu_seconds": 0.0, "examples": 320}');
INSERT INTO "trial_user_attributes" VALUES(109,46,'record','{"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 2}, "rung": 1, "kind": "confirm", "item": {"recipe": {"mixture": {"bitext": 1.0}, "hyperparameters": {"intermediate.learning_rate": 0.005, "intermediate.max_length": 16}, "model": "model", "seed": 2}, "rung": 1, "targets": ["match"]}}');
INSERT INTO "trial_user_attributes" VALUES(110,46,'result','{"score": {"target": "match", "score": 0.45, "dev": {"de": {"accuracy": 0.45}}, "floor": 0.055, "floors": {"de": {"accuracy": 0.055}}, "test_score": 0.4, "test": {"de": {"accuracy": 0.4}}, "tuned": {"de": {"layer": 0.0}}, "examples": 0, "seconds": 0.035267514999986815}}');
INSERT INTO "trial_user_attributes" VALUES(111,46,'cost','{"seconds": 0.4283574309999949, "training_seconds": 0.08760681799981285, "gpu_seconds": 0.0, "examples": 64}');
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
INSERT INTO "trial_values" VALUES(1,2,0,0.55,'FINITE');
INSERT INTO "trial_values" VALUES(2,3,0,0.1,'FINITE');
INSERT INTO "trial_values" VALUES(3,1,0,3.68421052631578926916e-01,'FINITE');
INSERT INTO "trial_values" VALUES(4,5,0,0.775,'FINITE');
INSERT INTO "trial_values" VALUES(5,6,0,0.1,'FINITE');
INSERT INTO "trial_values" VALUES(6,4,0,5.58139534883720922486e-01,'FINITE');
INSERT INTO "trial_values" VALUES(7,8,0,0.55,'FINITE');
INSERT INTO "trial_values" VALUES(8,9,0,0.05,'FINITE');
INSERT INTO "trial_values" VALUES(9,7,0,0.0,'FINITE');
INSERT INTO "trial_values" VALUES(10,11,0,1.76470588235294129075e-01,'FINITE');
INSERT INTO "trial_values" VALUES(11,12,0,0.1,'FINITE');
INSERT INTO "trial_values" VALUES(12,10,0,0.5,'FINITE');
INSERT INTO "trial_values" VALUES(13,14,0,2.28571428571428592046e-01,'FINITE');
INSERT INTO "trial_values" VALUES(14,15,0,0.525,'FINITE');
INSERT INTO "trial_values" VALUES(15,13,0,0.15,'FINITE');
INSERT INTO "trial_values" VALUES(16,17,0,0.4,'FINITE');
INSERT INTO "trial_values" VALUES(17,16,0,4.18604651162790775131e-01,'FINITE');
INSERT INTO "trial_values" VALUES(18,18,0,0.5,'FINITE');
INSERT INTO "trial_values" VALUES(19,20,0,0.5,'FINITE');
INSERT INTO "trial_values" VALUES(20,21,0,0.05,'FINITE');
INSERT INTO "trial_values" VALUES(21,19,0,1.76470588235294129075e-01,'FINITE');
INSERT INTO "trial_values" VALUES(22,23,0,4.76190476190476108531e-01,'FINITE');
INSERT INTO "trial_values" VALUES(23,24,0,0.05,'FINITE');
INSERT INTO "trial_values" VALUES(24,22,0,0.5,'FINITE');
INSERT INTO "trial_values" VALUES(25,25,0,7.92735042735042694239e-01,'FINITE');
INSERT INTO "trial_values" VALUES(26,27,0,0.55,'FINITE');
INSERT INTO "trial_values" VALUES(27,28,0,0.15,'FINITE');
INSERT INTO "trial_values" VALUES(28,26,0,4.50000000000000066613e-01,'FINITE');
INSERT INTO "trial_values" VALUES(29,30,0,0.525,'FINITE');
INSERT INTO "trial_values" VALUES(30,31,0,0.25,'FINITE');
INSERT INTO "trial_values" VALUES(31,29,0,1.76470588235294129075e-01,'FINITE');
INSERT INTO "trial_values" VALUES(32,33,0,3.24324324324324286816e-01,'FINITE');
INSERT INTO "trial_values" VALUES(33,34,0,0.525,'FINITE');
INSERT INTO "trial_values" VALUES(34,32,0,0.2,'FINITE');
INSERT INTO "trial_values" VALUES(35,36,0,0.55,'FINITE');
INSERT INTO "trial_values" VALUES(36,37,0,0.3,'FINITE');
INSERT INTO "trial_values" VALUES(37,35,0,5.90909090909090939369e-01,'FINITE');
INSERT INTO "trial_values" VALUES(38,42,0,0.575,'FINITE');
INSERT INTO "trial_values" VALUES(39,43,0,0.1,'FINITE');
INSERT INTO "trial_values" VALUES(40,41,0,0.56,'FINITE');
INSERT INTO "trial_values" VALUES(41,44,0,7.72267206477732726099e-01,'FINITE');
INSERT INTO "trial_values" VALUES(42,45,0,0.75,'FINITE');
INSERT INTO "trial_values" VALUES(43,46,0,0.45,'FINITE');
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
INSERT INTO "trials" VALUES(1,0,1,'PRUNED','2026-11-28 12:12:47.535419','2026-11-28 12:12:48.941308');
INSERT INTO "trials" VALUES(2,0,2,'PRUNED','2026-11-28 12:12:48.914976','2026-11-28 12:12:48.914976');
INSERT INTO "trials" VALUES(3,0,3,'PRUNED','2026-11-28 12:12:48.929189','2026-11-28 12:12:48.929189');
INSERT INTO "trials" VALUES(4,1,1,'COMPLETE','2026-11-28 12:12:48.943993','2026-11-28 12:12:49.743084');
INSERT INTO "trials" VALUES(5,1,2,'COMPLETE','2026-11-28 12:12:49.719729','2026-11-28 12:12:49.719729');
INSERT INTO "trials" VALUES(6,1,3,'COMPLETE','2026-11-28 12:12:49.731247','2026-11-28 12:12:49.731247');
INSERT INTO "trials" VALUES(7,2,1,'PRUNED','2026-11-28 12:12:49.745446','2026-11-28 12:12:50.395340');
INSERT INTO "trials" VALUES(8,2,2,'PRUNED','2026-11-28 12:12:50.371110','2026-11-28 12:12:50.371110');
INSERT INTO "trials" VALUES(9,2,3,'PRUNED','2026-11-28 12:12:50.382502','2026-11-28 12:12:50.382502');
INSERT INTO "trials" VALUES(10,3,2,'PRUNED','2026-11-28 12:12:50.397509','2026-11-28 12:12:51.076676');
INSERT INTO "trials" VALUES(11,3,1,'PRUNED','2026-11-28 12:12:51.050317','2026-11-28 12:12:51.050317');
INSERT INTO "trials" VALUES(12,3,3,'PRUNED','2026-11-28 12:12:51.063385','2026-11-28 12:12:51.063385');
INSERT INTO "trials" VALUES(13,4,3,'PRUNED','2026-11-28 12:12:51.078795','2026-11-28 12:12:51.713601');
INSERT INTO "trials" VALUES(14,4,1,'PRUNED','2026-11-28 12:12:51.689451','2026-11-28 12:12:51.689451');
INSERT INTO "trials" VALUES(15,4,2,'PRUNED','2026-11-28 12:12:51.701176','2026-11-28 12:12:51.701176');
INSERT INTO "trials" VALUES(16,5,1,'COMPLETE','2026-11-28 12:12:51.715857','2026-11-28 12:12:52.240044');
INSERT INTO "trials" VALUES(17,5,3,'COMPLETE','2026-11-28 12:12:52.223010','2026-11-28 12:12:52.223010');
INSERT INTO "trials" VALUES(18,5,2,'COMPLETE','2026-11-28 12:12:52.242170','2026-11-28 12:12:52.939660');
INSERT INTO "trials" VALUES(19,6,1,'PRUNED','2026-11-28 12:12:52.942550','2026-11-28 12:12:53.567396');
INSERT INTO "trials" VALUES(20,6,2,'PRUNED','2026-11-28 12:12:53.542283','2026-11-28 12:12:53.542283');
INSERT INTO "trials" VALUES(21,6,3,'PRUNED','2026-11-28 12:12:53.554954','2026-11-28 12:12:53.554954');
INSERT INTO "trials" VALUES(22,7,2,'PRUNED','2026-11-28 12:12:53.569504','2026-11-28 12:12:54.205648');
INSERT INTO "trials" VALUES(23,7,1,'PRUNED','2026-11-28 12:12:54.179391','2026-11-28 12:12:54.179391');
INSERT INTO "trials" VALUES(24,7,3,'PRUNED','2026-11-28 12:12:54.192236','2026-11-28 12:12:54.192236');
INSERT INTO "trials" VALUES(25,8,1,'COMPLETE','2026-11-28 12:12:54.207642','2026-11-28 12:12:54.681073');
INSERT INTO "trials" VALUES(26,9,1,'PRUNED','2026-11-28 12:12:54.703855','2026-11-28 12:12:55.306729');
INSERT INTO "trials" VALUES(27,8,2,'PRUNED','2026-11-28 12:12:55.282572','2026-11-28 12:12:55.282572');
INSERT INTO "trials" VALUES(28,8,3,'PRUNED','2026-11-28 12:12:55.294101','2026-11-28 12:12:55.294101');
INSERT INTO "trials" VALUES(29,10,1,'PRUNED','2026-11-28 12:12:55.308823','2026-11-28 12:12:55.930526');
INSERT INTO "trials" VALUES(30,9,2,'PRUNED','2026-11-28 12:12:55.905417','2026-11-28 12:12:55.905417');
INSERT INTO "trials" VALUES(31,9,3,'PRUNED','2026-11-28 12:12:55.917676','2026-11-28 12:12:55.917676');
INSERT INTO "trials" VALUES(32,10,3,'PRUNED','2026-11-28 12:12:55.971907','2026-11-28 12:12:56.590214');
INSERT INTO "trials" VALUES(33,11,1,'PRUNED','2026-11-28 12:12:56.565965','2026-11-28 12:12:56.565965');
INSERT INTO "trials" VALUES(34,10,2,'PRUNED','2026-11-28 12:12:56.577698','2026-11-28 12:12:56.577698');
INSERT INTO "trials" VALUES(35,12,1,'COMPLETE','2026-11-28 12:12:56.592056','2026-11-28 12:12:57.397869');
INSERT INTO "trials" VALUES(36,11,2,'COMPLETE','2026-11-28 12:12:57.371354','2026-11-28 12:12:57.371354');
INSERT INTO "trials" VALUES(37,11,3,'COMPLETE','2026-11-28 12:12:57.384083','2026-11-28 12:12:57.384083');
INSERT INTO "trials" VALUES(38,13,1,'FAIL','2026-11-28 12:12:57.432528','2026-11-28 12:12:57.736274');
INSERT INTO "trials" VALUES(39,12,2,'FAIL','2026-11-28 12:12:57.715199','2026-11-28 12:12:57.715199');
INSERT INTO "trials" VALUES(40,12,3,'FAIL','2026-11-28 12:12:57.725793','2026-11-28 12:12:57.725793');
INSERT INTO "trials" VALUES(41,14,1,'COMPLETE','2026-11-28 12:12:57.738224','2026-11-28 12:12:58.477829');
INSERT INTO "trials" VALUES(42,13,2,'COMPLETE','2026-11-28 12:12:58.453005','2026-11-28 12:12:58.453005');
INSERT INTO "trials" VALUES(43,13,3,'COMPLETE','2026-11-28 12:12:58.465062','2026-11-28 12:12:58.465062');
INSERT INTO "trials" VALUES(44,15,1,'COMPLETE','2026-11-28 12:12:58.479842','2026-11-28 12:12:58.948380');
INSERT INTO "trials" VALUES(45,14,2,'COMPLETE','2026-11-28 12:12:58.950658','2026-11-28 12:12:59.643372');
INSERT INTO "trials" VALUES(46,14,3,'COMPLETE','2026-11-28 12:12:59.646046','2026-11-28 12:13:00.088325');
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
