"""Which words are so common that a capital alone does not make them a name?

Written by hand for English, French, German and Spanish: words that brands and newspapers are also called, and the
little words of running text. Folded.
"""

# columns of quoted words read worse than running text

FUNCTION_WORDS = frozenset(
    """
    the a an of and or in on at to for by from with as is it its this that these those be was were are not no
    but if so we he she they you i his her their our my who what when where why how all any some more most than
    then there here new after before over under up out off into about one two three le la les l un une des du de
    d et ou en dans sur au aux par pour avec sans ce cet cette ces son sa ses leur leurs il elle ils elles nous
    vous je qui que qu quoi quand comment pourquoi ne pas plus moins tout tous toute toutes mais si comme est
    sont etait apres avant sous entre chez vers selon lors puis car donc ainsi depuis cependant n s c j m t der
    die das den dem ein eine einer eines einem einen und oder im am auf aus bei mit nach von vom zu zum zur fur
    um uber unter vor wie als ist sind war nicht kein keine aber wenn wir er sie es ich ihr sein seine dieser
    diese dieses auch noch nur schon mehr hat haben doch dann da el los las lo unos unas y o u del al con por
    para sin sobre desde hasta como fue mas pero su sus este esta estos estas ese esa eso se nos yo tu ella
    ellos ya muy tambien cuando donde quien segun tras ante
    """.split()
)

COMMON = FUNCTION_WORDS | frozenset(
    """
    apple apples target gap visa orange shell box block blocks square snap zoom slack stripe stripes gas next
    boots direct general united delta sky sun star stars mirror time times fortune nation post express world
    match ally now key cat cats dog dogs unit unity meta alphabet oracle amazon casino total free live life love
    home house office word words access edge signal signals discord teams team notion linear figure figures
    scale chime affirm root roots lemon lemonade opera brave chrome dash door grab line lines gold silver iron
    steel wood woods stone stones rock rocks hill hills field fields king kings queen prince baker brown green
    white black grey gray young long short small power energy light lights bright spring summer winter fall
    march may august sunday monday friday day days week month year morning evening news press today daily weekly
    globe guardian observer economist independent standard mail telegraph journal chronicle record review
    register monitor reader people person man men woman women child children family friend friends group company
    bank fund trust city town village country state states street road park garden bridge port harbour harbor
    river lake sea ocean coast island mountain valley forest tree flower rose lily jasmine ruby pearl crystal
    diamond church temple school college university library museum theatre theater cinema stage screen picture
    image photo film movie show song music sound voice band book books page paper letter story stories tale
    title chapter war peace army navy force forces guard police court justice law order crime food bread butter
    milk cheese sugar salt pepper honey berry cherry peach plum grape mango olive car cars truck bus train plane
    ship boat bike wheel ride drive driver game games play player ball goal race run runner jump swim first last
    best better good great big little high low open close closed start stop end begin red blue pink yellow
    purple discovery progressive southern northern western eastern national international global universal
    federal central american european british german french english spanish corporate capital equity asset
    assets value values growth income credit debit loan save saving health care medicine doctor nurse hospital
    patient cure data cloud web net network link links search find view views vision focus chase charge change
    chance choice check dollar euro pound cent penny monster dragon tiger lion bear wolf fox eagle falcon hawk
    owl bull jaguar puma panther cougar nike caterpillar subway ford fisher hunter mason carter cook cooks pages
    bush rice potter windows surface explorer safari pixel nest echo alexa kindle fire prime who aids it us un
    eu is are can will must shall should could would do does did has have had go gone all monde figaro humanite
    liberation croix point canard parisien equipe progres depeche voix nord republique echos marianne elle elles
    femme femmes homme hommes jour jours soir matin nuit an ans mois semaine libre libres francais francaise
    lumiere maison ville pays etat mer terre ciel soleil lune etoile fleur arbre carrefour printemps galeries
    ete automne hiver auchan monoprix bonjour merci accord accords engie vivendi legrand leclerc petit grand
    grande petite rouge bleu vert noir blanc poste banque caisse mutuelle fonds bourse marche marches spiegel
    stern zeit bild welt tag tage taz sonne mond haus stadt land leute mann frau kind bahn sparkasse bund linke
    linken grune grunen alternative zukunft heute morgen abend freitag merkur anzeiger bayer henkel metro
    schwarz weiss klein gross neu alt jung stark pais mundo razon vanguardia correo hora horas dia dias noche
    manana casa ciudad estado tierra sol luna cielo santander corte ingles zara gente hombre mujer nino agua
    fuego verde rojo azul blanco negro
    """.split()
)

LEGAL_FORMS = frozenset(
    """
    inc incorporated corp corporation co company ltd limited plc llc llp lp sa sas sarl ag gmbh se nv bv spa srl
    ab asa oyj oy kk kg kgaa holdings holding group groupe
    """.split()
)

PARTICLES = frozenset(
    """
    de du des la le les van von der den di da della del dos das bin ben ibn al el ter ten zu abu ould
    """.split()
)

INDEFINITE = frozenset("a an un une ein eine einen einem einer una".split())

FORMS_OF_ADDRESS = frozenset("mr mrs ms miss dr dra m mme mlle herr frau sr sra don dona prof sir".split())

# What may stand before a surname without making it another person's.
TITLES = frozenset(
    """
    mr mrs ms miss dr sir lord lady president chancellor minister senator governor secretary chairman ceo chief
    judge justice professor prof general colonel pope king queen prince princess founder m mme mlle docteur
    maitre pdg dg ministre senateur depute maire juge professeur pape roi reine fondateur herr frau kanzler
    kanzlerin prasident ministerin burgermeister richter chef don dona senor senora sr sra presidente presidenta
    ministro ministra alcalde juez papa rey fundador
    """.split()
)

EXCHANGES = frozenset(
    """
    NASDAQ NYSE AMEX LSE LON TSX TSE HKEX HKG SEHK EPA EURONEXT FRA XETRA ETR BME SIX SWX ASX BIT AMS TYO SSE
    SZSE KRX NSE BSE OTC OTCMKTS JSE
    """.split()
)


# First names that stand before a surname often enough to tell a person from a company ("Roy Disney").
FIRST_NAMES = frozenset(
    """
    aaron adam adele adrian agnes alain alan albert alberto alessandro alfred alice alicia allison amanda amelie
    amy ana anders andreas angela anita anna anne annie antonia arthur ashley astrid audrey aurelie barbara
    beatrice bernd betty beverly birgit brad brandon brenda brett brian bruce bruno caleb camille carla carmen
    carol caroline cecile chad chantal charlotte chloe claire clara claude claudia claus colin connie craig
    curtis cynthia dale damien dana darren dean denis dennis derek diana diane dieter dirk dominic dominique
    doris dorothy doug douglas dylan earl eddie elaine elena eli elise ella ellen emilia emily emma enrique
    eric erica erik ernest ernst ethan eugene eva evan evelyn fabian fabien felix fernando fiona florence
    franck frank franz gabriel gabriela gary gavin gene geoff gilbert gilles glenn gloria gordon grace graham
    guido gustav guy hans harold harriet harry harvey heather hector heidi helen helena helene henrik herbert
    holger horst howard hugh hugo ian ingrid irene isaac isabel isabelle ivan jack jackie jacob jacques jake
    jane janet jason jay jean jeanne jenna jeremy jerome jesse jessica jill jim joan joanna joaquin joel joerg
    jordan jorg josephine joyce judith judy jules julia julian julie julien julio jurgen justin karen karin
    karl katja keith kelly kevin kirsten klaus kurt kyle lars laura lauren lea lee lena leslie lewis liam linda
    lisa lois lorenzo louise lucas lucia lucie luke lydia lynn magdalena manfred manuela marcel margot maria
    marie marina mario marion marjorie marlene marsha martha martin martina mary mathilde matilda maurice max
    megan melanie melissa michaela michele michelle mohamed mohammed monica monika monique morgan nadine nancy
    natalie nathalie nathan neil nelson nicole nigel nina noah noel nora norman oliver olivia olivier oscar
    otto owen pamela pascal patrice paula pauline peggy penny petra phyllis pilar rachel rainer ralf ralph
    ramon randi randy raul ray raymond regina reinhard renate rene rita robin rodney roger roland rolf roman
    rosa rose ross roy ruben russell ruth ryan sabine sabrina sally sandra sara sarah sascha scott sean
    sebastian serena seth shane sharon shawn shirley silvia simon simone sofia solange sonia sophia sophie
    stacy stanley stella stuart susanne suzanne sven sylvia sylvie tamara tania tara teresa terry theresa
    therese tiffany tina tobias todd tracy travis trevor ulrich ulrike ute valentina valerie vanessa vera
    verena vernon veronica vicente vincent virginia virginie viviane walter wanda wayne wendy werner wolfgang
    xavier yann yannick yves yvonne
    """.split()
)

# What a place or a house is that bears a person's name: "George Bush Airport" does not tell of him.
NAMESAKES = frozenset(
    """
    airport foundation center centre university college institute library stadium arena street avenue boulevard
    road square bridge park prize award medal trophy hospital school museum theatre theater hall tower building
    memorial county intercontinental international aeroport fondation universite rue prix stade hopital musee
    place flughafen stiftung universitat strasse preis stadion platz aeropuerto fundacion universidad calle premio
    estadio hospital plaza
    """.split()
)

# Parts of places' names: "New York" is not York.
COMPASS = frozenset("new north south east west san santa saint upper lower great fort port mount lake".split())

# Surnames that so many bear that a first name which is only like the watched one names somebody else.
COMMON_SURNAMES = frozenset(
    """
    smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson
    anderson thomas taylor moore jackson martin lee perez thompson white harris clark ramirez lewis robinson walker
    young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell
    carter roberts kelly murphy sullivan wallace kennedy stewart morris bernard dubois robert petit durand muller
    schmidt schneider fischer weber meyer wagner becker rossi russo ferrari wang li zhang liu chen kim park singh
    kumar khan ali
    """.split()
)

# Surnames that are nobody's misspelt name, however near another one is.
SURNAMES = COMMON_SURNAMES | frozenset(
    """
    thomson bolton barton dalton norton patton sutton walton hilton milton clinton newton burton horton martins
    evans turner parker collins edwards phillips rogers reed cook morgan cooper peterson bailey cox howard ward
    richardson watson brooks wood bennett gray james hughes price myers long foster sanders ross morales powell
    russell jenkins perry butler barnes fisher henderson coleman simmons patterson jordan reynolds hamilton graham
    griffin hayes bryant gibson ellis stevens murray ford marshall owens harrison mcdonald woods washington wells
    henry freeman webb tucker burns crawford olson simpson porter hunter gordon shaw snyder mason dixon hunt hicks
    holmes palmer black robertson boyd stone fox warren mills rice daniels ferguson nichols stephens weaver ryan
    gardner payne grant dunn spencer hawkins moreau laurent simon michel leroy roux bertrand schulz hoffmann koch
    bauer richter klein wolf schroder neumann schwarz mueller maier mayer bianchi romano costa silva santos pereira
    """.split()
)
