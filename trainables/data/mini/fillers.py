"""What a household says in the free slots of a command, in each language of the suite.

The templates of ``home-assistant-intents`` leave rooms, devices and messages open, since each home has its
own. The words here are the project's. Those in Spanish, Dutch, Polish and Arabic, which tasks alone are made of, were
read by no native speaker.
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
    "es": {
        "area": "cocina; dormitorio; salón; garaje; baño; oficina; pasillo; jardín",
        "floor": "planta baja; primer piso; sótano; ático; piso de arriba; segundo piso",
        "device": "lámpara de escritorio; cafetera; ventilador; puerta de entrada; radio; calefactor; "
        "televisor; lavadora; luz nocturna; escena de fiesta",
        "list": "compras; vacaciones; trabajo; escuela",
        "item": "leche; pan y mantequilla; huevos; manzanas; pasta de dientes; detergente; llamar al médico; té verde",
        "content": "la cena está lista; nos vamos ahora; vuelve pronto a casa; buenas noches a todos; "
        "los invitados están aquí",
        "query": "los Beatles; éxitos del verano; las noticias de la noche; jazz para la cena; "
        "Mozart; viejas canciones de amor",
        "timer": "pizza; colada; té; deberes; ejercicio",
        "command": "abre la puerta del garaje; apaga las luces; para la música; cierra la puerta con llave",
        "zone": "trabajo; casa; escuela; gimnasio",
    },
    "nl": {
        "area": "keuken; slaapkamer; woonkamer; garage; badkamer; kantoor; gang; tuin",
        "floor": "begane grond; eerste verdieping; kelder; zolder; bovenverdieping; tweede verdieping",
        "device": "bureaulamp; koffiemachine; plafondventilator; voordeur; radio; verwarming; "
        "televisie; wasmachine; nachtlamp; feestscène",
        "list": "boodschappen; vakantie; werk; school",
        "item": "melk; brood en boter; eieren; appels; tandpasta; waspoeder; de dokter bellen; groene thee",
        "content": "het eten is klaar; we gaan nu weg; kom snel naar huis; goedenacht allemaal; de gasten zijn er",
        "query": "de Beatles; zomerhits; het avondnieuws; jazz bij het eten; Mozart; oude liefdesliedjes",
        "timer": "pizza; was; thee; huiswerk; training",
        "command": "open de garagedeur; doe de lichten uit; stop de muziek; doe de voordeur op slot",
        "zone": "werk; thuis; school; sportschool",
    },
    "pl": {
        "area": "kuchnia; sypialnia; salon; garaż; łazienka; biuro; korytarz; ogród",
        "floor": "parter; pierwsze piętro; piwnica; strych; piętro; drugie piętro",
        "device": "lampka biurkowa; ekspres do kawy; wentylator; drzwi wejściowe; radio; grzejnik; "
        "telewizor; pralka; lampka nocna; scena imprezowa",
        "list": "zakupy; wakacje; praca; szkoła",
        "item": "mleko; chleb i masło; jajka; jabłka; pasta do zębów; proszek do prania; zadzwonić do lekarza; "
        "zielona herbata",
        "content": "obiad gotowy; już wychodzimy; wracaj szybko do domu; dobranoc wszystkim; goście już są",
        "query": "Beatlesi; letnie przeboje; wieczorne wiadomości; jazz do kolacji; Mozart; stare piosenki o miłości",
        "timer": "pizza; pranie; herbata; lekcje; trening",
        "command": "otwórz bramę garażową; zgaś światła; zatrzymaj muzykę; zamknij drzwi wejściowe",
        "zone": "praca; dom; szkoła; siłownia",
    },
    "ar": {
        "area": "المطبخ; غرفة النوم; غرفة المعيشة; الكراج; الحمام; المكتب; الممر; الحديقة",
        "floor": "الطابق الأرضي; الطابق الأول; القبو; العلية; الطابق العلوي; الطابق الثاني",
        "device": "مصباح المكتب; آلة القهوة; مروحة السقف; الباب الأمامي; الراديو; المدفأة; "
        "التلفاز; الغسالة; ضوء الليل; مشهد الحفلة",
        "list": "التسوق; العطلة; العمل; المدرسة",
        "item": "حليب; خبز وزبدة; بيض; تفاح; معجون أسنان; مسحوق غسيل; اتصل بالطبيب; شاي أخضر",
        "content": "العشاء جاهز; نحن نغادر الآن; عد إلى البيت قريبا; تصبحون على خير; وصل الضيوف",
        "query": "البيتلز; أغاني الصيف; أخبار المساء; جاز للعشاء; موزارت; أغاني حب قديمة",
        "timer": "البيتزا; الغسيل; الشاي; الواجبات; التمرين",
        "command": "افتح باب الكراج; أطفئ الأضواء; أوقف الموسيقى; أقفل الباب الأمامي",
        "zone": "العمل; البيت; المدرسة; النادي الرياضي",
    },
}

FILLERS: dict[str, dict[str, tuple[str, ...]]] = {
    language: {kind: tuple(phrases.split("; ")) for kind, phrases in kinds.items()}
    for language, kinds in _PHRASES.items()
}
