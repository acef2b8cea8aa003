" Rule files of Kadens, in English and Swedish words.
" Made by docs/editors/editors.awk from dsl/words.def; do not edit.
if exists("b:current_syntax")
  finish
endif

syn iskeyword @,48-57,_,192-255
syn sync minlines=50

" Of what begins at one place, the later line counts.
syn match kadensClause "\<\%(kalendervecka\|arbetsdagar\|registrerad\|förfaller\|förvänta\|månaderna\|arbetsdag\|därefter\|escalated\|frivillig\|half-year\|otherwise\|september\|uppgifter\|utfärdas\|calendar\|december\|februari\|february\|kalender\|language\|månader\|november\|optional\|question\|recorded\|reminded\|tolkning\|veckorna\|augusti\|framåt\|gånger\|halvår\|januari\|january\|kvartal\|october\|oktober\|omkring\|onwards\|private\|påmind\|påminn\|quarter\|reading\|refused\|require\|skyddad\|stängs\|stängt\|tidszon\|annars\|august\|before\|closed\|closes\|except\|expect\|fråga\|först\|källa\|months\|månad\|nästa\|remind\|senast\|source\|språk\|veckor\|within\|about\|after\|among\|april\|dagar\|efter\|every\|first\|från\|före\|kräv\|march\|month\|nekas\|tasks\|tills\|times\|twice\|until\|varje\|vecka\|weeks\|where\|years\|days\|där\|from\|för\|goal\|inom\|juli\|july\|june\|juni\|lyft\|mars\|mål\|next\|när\|once\|show\|then\|till\|utom\|visa\|week\|when\|year\|zone\|dag\|day\|den\|due\|for\|maj\|may\|per\|är\|år\|av\|by\|is\|of\|on\|to\)\>"
syn match kadensOperator "\<\%(högst\|antal\|bland\|eller\|minst\|inte\|and\|not\|och\|in\|or\)\>"
syn match kadensType "\<\%(percent\|procent\|belopp\|ja\/nej\|number\|person\|yes\/no\|datum\|money\|date\|text\|tal\)\>"
syn match kadensState "\<\%(bortfallen\|eftergiven\|återtagen\|försenad\|utebliven\|withdrawn\|kommande\|upcoming\|dropped\|overdue\|missed\|untold\|waived\|öppen\|ingen\|osagd\|done\|klar\|late\|open\|nej\|sen\|yes\|ja\|no\)\>"
syn match kadensClause "\<\%(pågående\s\+ärenden\s\+behåller\s\+gamla\s\+regler\|pågående\s\+ärenden\s\+följer\s\+nya\s\+regler\|flyttas\s\+till\s\+föregående\s\+arbetsdag\|running\s\+cases\s\+follow\s\+the\s\+new\s\+rules\|arbetsdagar\s\+efter\s\+förfallodagen\|arbetsdagar\s\+före\s\+förfallodagen\|running\s\+cases\s\+keep\s\+the\s\+old\s\+rules\|arbetsdag\s\+efter\s\+förfallodagen\|arbetsdag\s\+före\s\+förfallodagen\|flyttas\s\+till\s\+nästa\s\+arbetsdag\|moved\s\+to\s\+previous\s\+working\s\+day\|dagar\s\+efter\s\+förfallodagen\|dagar\s\+före\s\+förfallodagen\|moved\s\+to\s\+next\s\+working\s\+day\|dag\s\+efter\s\+förfallodagen\|dag\s\+före\s\+förfallodagen\|working\s\+days\s\+before\s\+due\|working\s\+day\s\+before\s\+due\|working\s\+days\s\+after\s\+due\|working\s\+day\s\+after\s\+due\|aldrig\s\+uppdelat\s\+på\|whole\s\+years\s\+since\|omprövas\s\+senast\|days\s\+before\s\+due\|medelvärdet\s\+av\|bland\s\+dem\s\+där\|day\s\+before\s\+due\|days\s\+after\s\+due\|det\s\+senaste\s\+av\|har\s\+inträffat\|hela\s\+år\s\+sedan\|stängs\s\+aldrig\|calendar\s\+week\|day\s\+after\s\+due\|förlängs\s\+av\|no\s\+later\s\+than\|the\s\+latest\s\+of\|closes\s\+never\|corrected\s\+to\|except\s\+where\|från\s\+månad\|has\s\+happened\|rättad\s\+till\|the\s\+same\s\+day\|två\s\+gånger\|uppdelat\s\+på\|working\s\+days\|bara\s\+summor\|begins\s\+with\|börjar\s\+med\|dagar\s\+från\|dölj\s\+under\|escalate\s\+to\|extended\s\+by\|från\s\+varje\|från\s\+vecka\|medianen\s\+av\|only\s\+totals\|ordna\s\+efter\|working\s\+day\|average\s\+of\|dagen\s\+för\|from\s\+every\|from\s\+month\|för\s\+varje\|hide\s\+below\|i\s\+månaden\|is\s\+unknown\|klar\s\+genom\|är\s\+okänd\|days\s\+from\|from\s\+week\|lyft\s\+till\|median\s\+of\|review\s\+by\|samma\s\+dag\|summan\s\+av\|utom\s\+där\|är\s\+känd\|andel\s\+av\|at\s\+least\|count\s\+of\|en\s\+gång\|for\s\+each\|is\s\+known\|issue\s\+at\|never\s\+by\|om\s\+året\|order\s\+by\|share\s\+of\|a\s\+month\|at\s\+most\|dagar\s\+i\|date\s\+of\|days\s\+in\|done\s\+by\|a\s\+year\|one\s\+of\|sum\s\+of\|en\s\+av\)\>"
syn match kadensDeclaration "^\%(skyldighet\|händelse\|cadence\|example\|exempel\|measure\|rapport\|subject\|subjekt\|uppgift\|choice\|kadens\|policy\|report\|värde\|event\|lista\|mått\|param\|duty\|list\|role\|roll\|task\|val\|vid\|at\)\>" nextgroup=kadensName skipwhite
syn match kadensName "\<\k\+\>" contained
syn match kadensField "\.\zs\k\+\>"
syn match kadensNumber "\<\d\+\%([ \u00a0\u202f]\d\{3}\)*\%([.,]\d\+\)\=\%(\s*%\|\s*\%(SEK\|kr\)\>\)\="
syn match kadensDate "\<\d\{4}-\d\d-\d\d\>"
syn match kadensTime "\<\d\d\=:\d\d\>"
syn region kadensText oneline start=+"+ end=+"+
syn region kadensText oneline start=+[”“„»«]+ end=+[”“‟»«]+
syn match kadensComment "#.*$" contains=@Spell

hi def link kadensDeclaration Statement
hi def link kadensName Function
hi def link kadensClause Keyword
hi def link kadensOperator Operator
hi def link kadensType Type
hi def link kadensState Constant
hi def link kadensField Identifier
hi def link kadensNumber Number
hi def link kadensDate Number
hi def link kadensTime Number
hi def link kadensText String
hi def link kadensComment Comment

let b:current_syntax = "kadens"
