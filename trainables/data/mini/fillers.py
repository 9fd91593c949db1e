"""What a household says in the free slots of a command, in each language of the suite.

The templates of ``home-assistant-intents`` leave rooms, devices and messages open, since each home has its
own. The words here are the project's.
"""

from __future__ import annotations

# language -> kind of filler -> phrases
_PHRASES = {
    "en": {
        "area": "kitchen; bedroom; living room; garage; bathroom; office; hallway; garden",
        "floor": "ground floor; first floor; basement; attic; upstairs; second floor",
        "device": "desk lamp; coffee machine; ceiling fan; front door; radio; heater; "
        "television; washing machine; night light; party scene",
        "list": "shopping; holiday; work; school",
        "item": "milk; bread and butter; eggs; apples; toothpaste; washing powder; call the doctor; green tea",
        "content": "dinner is ready; we are leaving now; come home soon; good night everyone; the guests are here",
        "query": "the beatles; summer hits; the evening news; jazz for dinner; mozart; old love songs",
        "timer": "pizza; laundry; tea; homework; workout",
        "command": "open the garage door; turn off the lights; stop the music; lock the front door",
        "zone": "work; home; school; the gym",
    },
    "de": {
        "area": "Küche; Schlafzimmer; Wohnzimmer; Garage; Badezimmer; Büro; Flur; Garten",
        "floor": "Erdgeschoss; erster Stock; Keller; Dachboden; Obergeschoss; zweiter Stock",
        "device": "Schreibtischlampe; Kaffeemaschine; Deckenventilator; Haustür; Radio; Heizung; "
        "Fernseher; Waschmaschine; Nachtlicht; Partyszene",
        "list": "Einkauf; Urlaub; Arbeit; Schule",
        "item": "Milch; Brot und Butter; Eier; Äpfel; Zahnpasta; Waschpulver; den Arzt anrufen; grüner Tee",
        "content": "das Essen ist fertig; wir gehen jetzt los; komm bald nach Hause; "
        "gute Nacht zusammen; die Gäste sind da",
        "query": "die Beatles; Sommerhits; die Abendnachrichten; Jazz zum Essen; Mozart; alte Liebeslieder",
        "timer": "Pizza; Wäsche; Tee; Hausaufgaben; Training",
        "command": "öffne das Garagentor; schalte die Lichter aus; stoppe die Musik; schließe die Haustür ab",
        "zone": "Arbeit; Zuhause; Schule; Sportstudio",
    },
    "fr": {
        "area": "cuisine; chambre; salon; garage; salle de bain; bureau; couloir; jardin",
        "floor": "rez-de-chaussée; premier étage; sous-sol; grenier; étage; deuxième étage",
        "device": "lampe de bureau; machine à café; ventilateur; porte d'entrée; radio; chauffage; "
        "télévision; machine à laver; veilleuse; scène de fête",
        "list": "courses; vacances; travail; école",
        "item": "lait; pain et beurre; œufs; pommes; dentifrice; lessive; appeler le médecin; thé vert",
        "content": "le dîner est prêt; nous partons maintenant; rentre bientôt; bonne nuit à tous; les invités sont là",
        "query": "les Beatles; tubes de l'été; les informations du soir; jazz pour le dîner; "
        "Mozart; vieilles chansons d'amour",
        "timer": "pizza; lessive; thé; devoirs; gymnastique",
        "command": "ouvre la porte du garage; éteins les lumières; arrête la musique; ferme la porte à clé",
        "zone": "travail; maison; école; salle de sport",
    },
    "ru": {
        "area": "кухня; спальня; гостиная; гараж; ванная; кабинет; коридор; сад",
        "floor": "нижний этаж; первый этаж; подвал; чердак; верхний этаж; второй этаж",
        "device": "настольная лампа; кофеварка; вентилятор; входная дверь; радио; обогреватель; "
        "телевизор; стиральная машина; ночник; праздничная сцена",
        "list": "покупки; отпуск; работа; школа",
        "item": "молоко; хлеб и масло; яйца; яблоки; зубная паста; стиральный порошок; позвонить врачу; зелёный чай",
        "content": "ужин готов; мы сейчас уходим; скорее возвращайся домой; всем спокойной ночи; гости пришли",
        "query": "битлз; летние хиты; вечерние новости; джаз к ужину; моцарт; старые песни о любви",
        "timer": "пицца; стирка; чай; уроки; тренировка",
        "command": "открой ворота гаража; выключи свет; останови музыку; запри входную дверь",
        "zone": "работа; дом; школа; спортзал",
    },
}

FILLERS: dict[str, dict[str, tuple[str, ...]]] = {
    language: {kind: tuple(phrases.split("; ")) for kind, phrases in kinds.items()}
    for language, kinds in _PHRASES.items()
}
