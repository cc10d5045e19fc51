/* What a small team that rents out boats says in ten working days. All of it is made up.
 *
 * People say things alike ("the lock on pier 3 is stuck", "does anyone know why"), so that a chain
 * of order 2 finds places to turn.
 */
#include "tools/demo_corpus.h"

#define SAY_WITH(seconds, channel, author, text, more)                                             \
    "{\"ts\":" #seconds "000,\"channel\":\"" channel "\",\"author\":\"" author                     \
    "\",\"text\":\"" text "\"" more "}\n"
#define SAY(seconds, channel, author, text) SAY_WITH(seconds, channel, author, text, "")

#define FILE_LINK(name, caption)                                                                   \
    ",\"attachments\":[{\"url\":\"https://files.jetty.example/" name "\",\"caption\":\"" caption   \
    "\"}]"
#define HOW_TO(id, title) ",\"id\":\"" id "\",\"title\":\"" title "\""
#define DEPLOY(service, version)                                                                   \
    ",\"bot\":true,\"meta\":{\"service\":\"" service "\",\"version\":" version "}"

/* clang-format off */
const char cairn_demo_messages[] =
    /* Monday, 2 March 2026 */
    SAY(1772437697, "general", "mara",
        "Good morning, the lake is flat and the first booking is at nine")
    SAY(1772437817, "general", "otto", "Good morning, the lake is cold and so am I")
    SAY(1772438057, "harbour", "otto",
        "Walked the piers, all boats are in but the lock on pier 3 is stuck again")
    SAY(1772438237, "harbour", "piet",
        "The lock on pier 3 is stuck because the firmware is from last spring")
    SAY(1772438357, "harbour", "otto", "Can you send me the new firmware before the first booking?")
    SAY_WITH(1772438657, "harbour", "piet",
        "Sent, hold the button for ten seconds and wait for the green light",
        FILE_LINK("lock-2.4.1.bin", "lock firmware 2.4.1"))
    SAY(1772439377, "harbour", "otto", "The lock on pier 3 is green, thank you")
    SAY(1772439737, "engineering", "idris", "The deploy is green, booking service is on version 41")
    SAY_WITH(1772439754, "engineering", "tidebot",
        "deploy booking-service 41 finished in 94 s, all checks green",
        DEPLOY("booking", "41"))
    SAY(1772439994, "engineering", "lena",
        "Does anyone know why the map is empty on the first start?")
    SAY(1772440174, "engineering", "idris",
        "The map is empty because the tiles are loaded after the piers, I will take a look after "
        "lunch")
    SAY(1772440234, "engineering", "lena", "Thank you, I will take the login screen until then")
    SAY(1772440774, "support", "yusuf", "A customer says the app asks for a deposit twice")
    SAY(1772440834, "support", "yusuf",
        "A customer says the app forgot her booking, she is standing on pier 2 right now")
    SAY(1772440954, "support", "mara", "Can you open the lock for her by hand?")
    SAY(1772441014, "support", "yusuf",
        "Done, she is on the water, the booking was there but on the wrong day")
    SAY(1772441314, "engineering", "idris",
        "The booking was on the wrong day because we store local time, not UTC")
    SAY(1772441494, "engineering", "nika",
        "I have seen this in the data, about one booking in fifty is on the wrong day")
    SAY(1772441614, "engineering", "mara", "That is worth a fix this week, who can take it?")
    SAY(1772441674, "engineering", "idris", "I will take it, the migration is small")
    SAY_WITH(1772442514, "general", "sol",
        "New colours for the buoys are in the design folder, please have a look",
        FILE_LINK("buoys.png", "buoy colours, third draft"))
    SAY(1772442754, "general", "lena",
        "The new colours are lovely, the red one is easy to see in fog")
    SAY(1772442934, "general", "otto", "Ship it, fog is half of my life")
    SAY(1772456717, "engineering", "idris", "The map is fixed, the piers now wait for the tiles")
    SAY(1772457077, "engineering", "lena", "It works on my phone, ship it")
    SAY_WITH(1772457617, "engineering", "tidebot",
        "deploy mobile-gateway 17 finished in 71 s, all checks green",
        DEPLOY("gateway", "17"))
    SAY(1772458277, "support", "yusuf",
        "The double deposit was a double tap, I gave the money back")
    SAY(1772458397, "support", "mara",
        "Can you write down how to give the money back? It comes up every week")
    SAY_WITH(1772458757, "support", "yusuf",
        "How to give a deposit back: open the booking, press refund, choose the deposit, wait for "
        "the green tick",
        HOW_TO("howto-refund-deposit", "How to refund a deposit"))
    SAY(1772460017, "harbour", "otto",
        "The battery of boat 12 is at forty percent after one hour, that is too little")
    SAY(1772460257, "harbour", "nika", "The battery of boat 12 is the oldest we have, 900 cycles")
    SAY(1772460377, "harbour", "otto", "Then I take boat 12 out until the new battery is here")
    SAY(1772462177, "general", "mara", "Who is on call tonight?")
    SAY(1772462237, "general", "piet", "I am on call tonight, Idris has tomorrow")

    /* Tuesday, 3 March 2026 */
    SAY(1772524337, "general", "otto",
        "Good morning, the wind is up, I would close pier 4 until noon")
    SAY(1772524397, "general", "mara", "Good morning, close pier 4 and tell the customers please")
    SAY(1772524577, "support", "yusuf",
        "Customers of pier 4 have a message and a free hour for next time")
    SAY(1772524877, "harbour", "otto", "Pier 4 is closed, the wind is up to six")
    SAY(1772525357, "engineering", "piet",
        "On call was quiet, one alert at 02:10 because the disk of the old server was full")
    SAY(1772525417, "engineering", "piet",
        "I deleted the old logs, we should rotate them before it happens again")
    SAY(1772525597, "engineering", "idris",
        "Can you check the payment webhook too? It was slow at night")
    SAY(1772525837, "engineering", "piet",
        "The payment webhook is slow because it waits for the mail server, I will take a look "
        "after lunch")
    SAY(1772526437, "engineering", "nika",
        "The booking table has 1,240 rows on the wrong day, the list is in the data folder")
    SAY(1772526557, "engineering", "idris", "Thank you, the migration will read that list")
    SAY(1772526977, "engineering", "lena",
        "Does anyone know why the tests take eleven minutes today?")
    SAY(1772527037, "engineering", "idris",
        "The tests take eleven minutes because the cache is empty, the next run is fast again")
    SAY(1772527817, "engineering", "lena", "The next run is fast again, thank you")
    SAY(1772528357, "support", "yusuf", "A customer asks for a receipt with a tax number")
    SAY(1772528537, "support", "mara",
        "Send it to me, I will write it by hand and we put it on the list")
    SAY(1772528777, "support", "yusuf", "A customer says the app does not find her password mail")
    SAY(1772528837, "support", "yusuf", "It was in the spam folder, as always")
    SAY_WITH(1772529797, "engineering", "sol",
        "The password mail looks like spam because it has no logo and three links, here is a new "
        "one",
        FILE_LINK("password-mail.html", "password mail with one link"))
    SAY(1772530097, "engineering", "idris",
        "One link is good, I will use it for the reset password mail today")
    SAY(1772541617, "harbour", "otto", "The wind is down, pier 4 is open again")
    SAY(1772542517, "harbour", "otto", "Has anyone seen the key of the blue boat?")
    SAY(1772542637, "harbour", "yusuf",
        "The key of the blue boat is in the support drawer, a customer brought it")
    SAY(1772542697, "harbour", "otto",
        "Thank you, I was looking for the key of the blue boat since Friday")
    SAY(1772543837, "engineering", "piet",
        "The payment webhook answers in 80 ms now, the mail goes into a queue")
    SAY(1772544017, "engineering", "idris", "That is a good fix, can you write a test for it?")
    SAY(1772545337, "engineering", "piet", "There is a test for it, it fails without the queue")
    SAY_WITH(1772545697, "engineering", "tidebot",
        "deploy payments 8 finished in 65 s, all checks green",
        DEPLOY("payments", "8"))
    SAY(1772546417, "general", "mara", "We have 300 members today, thank you everyone")
    SAY(1772546477, "general", "lena", "That is worth a cake")
    SAY(1772546537, "general", "sol", "I will take care of the cake")
    SAY(1772546597, "general", "otto", "Chocolate please, fog and chocolate is all I need")

    /* Wednesday, 4 March 2026 */
    SAY(1772611097, "general", "mara",
        "Good morning, the lake is full of ducks and the first booking is at ten")
    SAY(1772611217, "general", "nika",
        "Good morning, the numbers of February are in the data folder")
    SAY(1772611277, "general", "nika",
        "The short version: more bookings, shorter trips, fewer refunds")
    SAY(1772611697, "harbour", "otto",
        "Boat 7 is back with a broken oar, the customer says it was a swan")
    SAY(1772611877, "harbour", "yusuf", "The customer says it was a big swan")
    SAY(1772611937, "harbour", "otto", "It is always a big swan")
    SAY(1772612537, "engineering", "idris",
        "The migration is ready, it moves 1,240 bookings to the right day")
    SAY(1772612717, "engineering", "nika",
        "Can you run it on the copy first? I will compare the numbers")
    SAY(1772613557, "engineering", "idris", "It ran on the copy in nine seconds")
    SAY(1772614217, "engineering", "nika",
        "The numbers are right but two bookings are gone, look at 8812 and 8813")
    SAY(1772614457, "engineering", "idris",
        "They are gone because they have the same boat at the same hour, a real double booking")
    SAY(1772614577, "engineering", "mara",
        "A double booking is a thing for Yusuf, please do not delete it")
    SAY(1772614757, "support", "yusuf",
        "I will call both customers of the double booking and offer boat 5")
    SAY(1772616317, "support", "yusuf",
        "Both customers are happy, one takes boat 5 and the other one comes on Sunday")
    SAY(1772616617, "engineering", "idris",
        "Then the migration keeps both, I will run it at noon when the lake is quiet")
    SAY(1772617157, "engineering", "lena",
        "The app on the old phones stops when the battery is low, does anyone know why?")
    SAY(1772618477, "engineering", "lena",
        "Found it: the app stops because it asks for the position every second")
    SAY(1772618537, "engineering", "lena",
        "Every ten seconds is enough when the boat is at the pier")
    SAY(1772625617, "engineering", "idris", "Migration is running")
    SAY(1772625677, "engineering", "idris",
        "Migration is done, 1,240 bookings are on the right day")
    SAY(1772626037, "engineering", "nika", "The numbers are right, nothing is gone, thank you")
    SAY_WITH(1772626157, "engineering", "tidebot",
        "deploy booking-service 42 finished in 97 s, all checks green",
        DEPLOY("booking", "42"))
    SAY(1772627957, "general", "sol", "The cake is in the kitchen")
    SAY(1772628017, "general", "otto", "The cake was in the kitchen")
    SAY(1772628737, "general", "piet", "Has anyone seen the cake?")
    SAY(1772631137, "harbour", "otto",
        "The new battery for boat 12 is here, I will put it in tomorrow")
    SAY(1772631617, "support", "yusuf", "A customer asks if dogs are allowed on the boats")
    SAY(1772631677, "support", "mara", "Dogs are allowed on the boats, swans are not")

    /* Thursday, 5 March 2026 */
    SAY(1772696717, "general", "otto",
        "Good morning, the fog is so thick that I found pier 2 by sound")
    SAY(1772696777, "general", "mara",
        "Good morning, we start at ten then, can you tell the customers?")
    SAY(1772696897, "support", "yusuf",
        "The customers of the morning have a message, we start at ten")
    SAY(1772697257, "harbour", "otto", "The battery of boat 12 is new and at one hundred percent")
    SAY(1772697317, "harbour", "otto",
        "The lock on pier 1 is slow, it opens but it thinks about it for a minute")
    SAY(1772697557, "harbour", "piet",
        "The lock on pier 1 is slow because the signal is weak, I will move the antenna")
    SAY(1772698217, "engineering", "idris",
        "Does anyone know why the nightly backup took three hours?")
    SAY(1772698397, "engineering", "piet",
        "The nightly backup took three hours because it copied the old logs, I thought I deleted "
        "them")
    SAY(1772698937, "engineering", "piet",
        "They were back because the old server writes them twice, I will take a look after lunch")
    SAY(1772699237, "engineering", "nika",
        "Can you check the clock of the old server too? Its times are one hour in the future")
    SAY(1772699357, "engineering", "piet",
        "The clock of the old server is wrong because it never heard of summer time")
    SAY(1772700257, "support", "yusuf",
        "A customer says the app shows the battery of boat 12 at minus four percent")
    SAY(1772700377, "engineering", "lena",
        "Minus four percent is my fault, the new battery counts from the other end")
    SAY(1772701457, "engineering", "lena",
        "Fixed, the battery of boat 12 is at ninety percent and I am a little wiser")
    SAY(1772701877, "engineering", "sol",
        "Can we show the battery as hours on the water? Nobody knows what ninety percent is")
    SAY(1772701937, "engineering", "mara", "Hours on the water is a lovely idea, please draw it")
    SAY_WITH(1772704937, "engineering", "sol",
        "Hours on the water is in the design folder, with and without wind",
        FILE_LINK("range.png", "battery shown as hours on the water"))
    SAY(1772705177, "engineering", "nika",
        "I can give you the hours: battery, minus wind, minus the age of the battery")
    SAY(1772716217, "harbour", "piet",
        "The antenna is on the roof, the lock on pier 1 opens at once")
    SAY(1772716397, "harbour", "otto", "The lock on pier 1 opens before I touch it, is that right?")
    SAY(1772716457, "harbour", "piet", "That is not right, I will turn it down")
    SAY(1772717957, "engineering", "piet",
        "The old logs are gone, the backup of tonight should take ten minutes")
    SAY(1772718497, "general", "mara", "Who is on call tonight?")
    SAY(1772718557, "general", "lena", "I am on call tonight, please break nothing")
    SAY(1772720357, "engineering", "idris", "I will not deploy today then")

    /* Friday, 6 March 2026 */
    SAY(1772783717, "general", "mara",
        "Good morning, the lake is flat, the sun is out, all boats are booked")
    SAY(1772783777, "general", "otto", "Good morning, all boats are ready, boat 7 has a new oar")
    SAY(1772784017, "engineering", "lena", "On call was quiet, the backup took nine minutes")
    SAY(1772784077, "engineering", "piet", "Nine minutes, that is worth a coffee")
    SAY(1772784677, "support", "yusuf", "A customer asks for a refund because of the swan")
    SAY(1772784797, "support", "mara", "Give the money back, the swan is ours in a way")
    SAY(1772785217, "support", "yusuf",
        "A customer says the app is in the wrong language after the update")
    SAY(1772785397, "engineering", "lena",
        "The app is in the wrong language because the phone says French and we only know German "
        "and English")
    SAY(1772785457, "engineering", "lena",
        "I will take French from the list, it is half done since autumn")
    SAY(1772786177, "engineering", "idris", "The tests are red, does anyone know why?")
    SAY(1772786297, "engineering", "nika",
        "The tests are red because of my number format, I am on it")
    SAY(1772786837, "engineering", "nika", "The tests are green again, sorry")
    SAY(1772786957, "engineering", "idris", "No harm, that is what the tests are for")
    SAY(1772787977, "support", "yusuf",
        "The line for the boats is long, we could rent out the swan")
    SAY(1772788277, "general", "sol", "I will draw the swan")
    SAY_WITH(1772790197, "general", "sol", "The swan is in the design folder",
        FILE_LINK("swan.png", "a swan with a captain's hat"))
    SAY(1772790317, "general", "mara", "The swan is lovely, it should be on the cake next time")
    SAY(1772792957, "harbour", "otto", "Boat 3 is an hour late, can you call the customer?")
    SAY(1772793077, "support", "yusuf",
        "The customer of boat 3 is asleep in the boat, he says the lake is very flat")
    SAY(1772793257, "harbour", "otto", "Boat 3 is back, customer is well rested")
    SAY(1772803817, "engineering", "idris",
        "I would like to delete the old booking table next week, is anyone still reading it?")
    SAY(1772803997, "engineering", "nika", "I am still reading it, give me until Tuesday")
    SAY(1772804057, "engineering", "piet",
        "The backup is still reading it too, I will change that on Monday")
    SAY(1772804537, "engineering", "lena",
        "French is in, it works on my phone, can someone who speaks French look at it?")
    SAY(1772804777, "engineering", "yusuf",
        "I speak French, the word for pier is wrong, it says pillar")
    SAY(1772804897, "engineering", "lena", "Fixed, ship it on Monday")
    SAY(1772806097, "general", "mara", "Have a good weekend everyone, Piet is on call until Monday")
    SAY(1772806157, "general", "piet", "I am on call until Monday, please break nothing")

    /* Monday, 9 March 2026 */
    SAY(1773042617, "general", "otto",
        "Good morning, the lake is high after the rain, pier 4 is under water")
    SAY(1773042737, "general", "mara", "Good morning, close pier 4 until the water is down")
    SAY(1773042857, "support", "yusuf", "Customers of pier 4 have a message and go to pier 2")
    SAY(1773043337, "harbour", "otto", "Pier 4 is closed, the ducks have taken it")
    SAY(1773043457, "harbour", "nika", "How many ducks? I can put them in the data folder")
    SAY(1773043517, "harbour", "otto", "About forty, one of them looks like Piet")
    SAY(1773043877, "engineering", "piet",
        "On call was not quiet, two alerts on Sunday because the payment webhook had no answer")
    SAY(1773043937, "engineering", "piet",
        "The payment webhook had no answer because the certificate was over")
    SAY(1773044117, "engineering", "idris",
        "Can we have an alert before a certificate is over? Two weeks would be enough")
    SAY(1773044237, "engineering", "piet",
        "I will take it, two weeks before and again two days before")
    SAY_WITH(1773045077, "engineering", "tidebot",
        "deploy mobile-gateway 18 finished in 73 s, all checks green",
        DEPLOY("gateway", "18"))
    SAY(1773045137, "engineering", "lena", "French is out, bonjour everyone")
    SAY(1773045857, "support", "yusuf", "A customer says merci for the app in French")
    SAY(1773045977, "support", "yusuf", "A customer asks for a receipt with a tax number again")
    SAY(1773046037, "support", "mara",
        "The receipt with a tax number is on the list, I will take it this week")
    SAY(1773046577, "engineering", "piet",
        "The backup does not read the old booking table any more")
    SAY(1773046817, "engineering", "nika", "I still read it until tomorrow")
    SAY(1773048797, "harbour", "otto", "The lock on pier 2 is stuck, the rain is in it")
    SAY(1773048977, "harbour", "piet", "Can you dry it and hold the button for ten seconds?")
    SAY(1773049817, "harbour", "otto", "The lock on pier 2 is dry and green")
    SAY(1773060617, "engineering", "sol",
        "The first screen for hours on the water is ready, can you check the text?")
    SAY(1773060797, "engineering", "mara",
        "The text is good, but write about two hours instead of 1.97 hours")
    SAY(1773060917, "engineering", "nika",
        "The number is 1.97 because the wind is in it, round it to half hours")
    SAY(1773061577, "engineering", "lena", "Half hours it is, it works on my phone")
    SAY(1773062117, "engineering", "idris",
        "Can you check the old phones too? The app was slow there last week")
    SAY(1773063077, "engineering", "lena",
        "The app is fast on the old phones because it asks for the position every ten seconds now")
    SAY(1773064637, "general", "mara", "Who is on call tonight?")
    SAY(1773064697, "general", "idris", "I am on call tonight")

    /* Tuesday, 10 March 2026 */
    SAY(1773129437, "general", "mara",
        "Good morning, we have a school class at ten, twenty children and six boats")
    SAY(1773129497, "general", "otto", "Good morning, I need six people who can swim")
    SAY(1773129557, "general", "sol", "I can swim, I will take boat 5")
    SAY(1773129617, "general", "piet", "I can swim but I will take the shore")
    SAY(1773129917, "engineering", "idris",
        "On call was quiet, one alert at 04:30, the disk of the old server is full again")
    SAY(1773130037, "engineering", "piet",
        "The disk is full because the backup wrote to the wrong folder, I will take a look now")
    SAY(1773131057, "engineering", "piet",
        "Fixed, the backup writes to the right folder and there is a test for it")
    SAY(1773131417, "engineering", "nika",
        "I do not read the old booking table any more, you can delete it")
    SAY(1773131537, "engineering", "idris",
        "Thank you, I will delete it on Thursday after a last backup")
    SAY(1773132737, "support", "yusuf",
        "A customer says the app took the money but there is no booking")
    SAY(1773132917, "support", "yusuf", "Same from a second customer, both paid at 08:14")
    SAY(1773133037, "engineering", "idris",
        "Payments at 08:14 came while the payment webhook was in a restart")
    SAY(1773133937, "engineering", "idris",
        "Four customers paid at 08:14 and have no booking, the list is in the support folder")
    SAY(1773134117, "support", "yusuf", "I will call all four and book by hand")
    SAY(1773135557, "support", "yusuf",
        "All four have a booking, one wanted the money back and has it")
    SAY(1773135797, "engineering", "idris",
        "We should answer the webhook only after the booking is stored, not before")
    SAY(1773135857, "engineering", "mara",
        "Yes, please store first and answer after, this must not happen twice")
    SAY(1773135977, "engineering", "idris", "I will take it, the fix is small but the test is not")
    SAY(1773146117, "general", "otto", "Twenty children out, twenty children back, one hat lost")
    SAY(1773146177, "general", "sol", "It was my hat")
    SAY(1773146537, "harbour", "otto", "The hat is on a duck now")
    SAY(1773146597, "harbour", "nika", "Is it the duck that looks like Piet?")
    SAY(1773146657, "harbour", "piet", "I want a photo of that")
    SAY_WITH(1773146897, "harbour", "otto", "Here it is",
        FILE_LINK("duck.jpg", "a duck with Sol's hat"))
    SAY(1773148577, "engineering", "idris",
        "The webhook now stores first and answers after, the test kills the server in between")
    SAY(1773148757, "engineering", "piet", "I like a test that kills the server")
    SAY_WITH(1773149417, "engineering", "tidebot",
        "deploy payments 9 finished in 68 s, all checks green",
        DEPLOY("payments", "9"))

    /* Wednesday, 11 March 2026 */
    SAY(1773215477, "general", "mara", "Good morning, the water is down, pier 4 is open again")
    SAY(1773215597, "general", "otto", "Good morning, the ducks do not agree")
    SAY(1773215897, "harbour", "otto",
        "The battery of boat 9 is at sixty percent after one hour, that is too little")
    SAY(1773216017, "harbour", "nika", "The battery of boat 9 is two years old, boat 12 was three")
    SAY(1773216077, "harbour", "otto", "Can we order two more batteries before summer?")
    SAY(1773216257, "harbour", "mara", "Order three, summer is coming")
    SAY(1773216617, "engineering", "lena", "Does anyone know why push messages come twice?")
    SAY(1773216797, "engineering", "idris",
        "Push messages come twice because the phone is registered twice after the update")
    SAY(1773216917, "engineering", "lena", "I will take it, one phone should have one registration")
    SAY(1773217337, "support", "yusuf",
        "A customer says the app sends every message twice, now I know why")
    SAY(1773217877, "support", "yusuf", "A customer asks if she can lend a boat to her brother")
    SAY(1773217997, "support", "mara", "Not yet, but lending a boat to someone is on the list")
    SAY(1773218237, "support", "yusuf", "Then I tell her that lending is on the list")
    SAY(1773218957, "engineering", "sol",
        "Can someone check the contrast of the red button? It is hard to read in the sun")
    SAY(1773219257, "engineering", "lena",
        "The red button is hard to read in the sun and in the fog, darker please")
    SAY(1773219737, "engineering", "sol", "Darker it is")
    SAY(1773234017, "engineering", "lena",
        "One phone has one registration now, push messages come once")
    SAY(1773234257, "engineering", "nika",
        "Can you check the numbers? I see 40 phones without any registration")
    SAY(1773234797, "engineering", "lena",
        "Forty phones without any registration are the ones that said no to push messages")
    SAY(1773234857, "engineering", "nika", "Good, then the numbers are right")
    SAY(1773235757, "general", "mara",
        "The receipt with a tax number is ready, thank you Yusuf for asking eleven times")
    SAY(1773235817, "support", "yusuf", "Twelve times")
    SAY_WITH(1773236117, "support", "yusuf",
        "How to send a receipt: open the booking, press receipt, type the tax number, press send",
        HOW_TO("howto-receipt", "How to send a receipt with a tax number"))
    SAY(1773236717, "general", "mara", "Who is on call tonight?")
    SAY(1773236777, "general", "nika",
        "I am on call tonight, for the first time, please break nothing")

    /* Thursday, 12 March 2026 */
    SAY(1773301757, "general", "otto",
        "Good morning, the lake is flat and nobody is on it, I love it")
    SAY(1773301817, "general", "mara", "Good morning, the first booking is at eleven")
    SAY(1773301997, "engineering", "nika",
        "On call was quiet, I woke up three times to look at an alert that was not there")
    SAY(1773302117, "engineering", "piet", "That is how on call works")
    SAY(1773302477, "engineering", "idris",
        "The last backup of the old booking table is done, I will delete it at noon")
    SAY(1773303017, "harbour", "otto", "Has anyone seen the long rope of pier 1?")
    SAY(1773303197, "harbour", "sol",
        "The long rope of pier 1 is in the photo room, I needed it for the swan")
    SAY(1773303257, "harbour", "otto", "I do not want to know more")
    SAY(1773303737, "support", "yusuf", "A customer says the map shows her boat on the land")
    SAY(1773303857, "engineering", "lena",
        "Her boat is on the land because the position is an old one, the phone had no signal")
    SAY(1773304157, "engineering", "lena", "We should show how old the position is")
    SAY(1773304217, "engineering", "sol", "I can draw a grey boat for an old position")
    SAY(1773304337, "engineering", "mara", "A grey boat for an old position is a lovely idea")
    SAY(1773304997, "support", "yusuf", "A customer forgot his password and his mail address")
    SAY(1773305057, "support", "mara", "Can you ask him for the number of his last booking?")
    SAY(1773305477, "support", "yusuf", "He knows the number by heart, he is in again")
    SAY(1773316817, "engineering", "idris", "The old booking table is deleted")
    SAY(1773317057, "engineering", "idris", "Everything is still green")
    SAY(1773317117, "engineering", "piet", "I am holding my breath until tonight")
    SAY_WITH(1773317417, "engineering", "tidebot",
        "deploy booking-service 43 finished in 92 s, all checks green",
        DEPLOY("booking", "43"))
    SAY(1773319217, "engineering", "nika", "My report of the month is empty, does anyone know why?")
    SAY(1773319337, "engineering", "idris",
        "Your report is empty because it still reads the old booking table")
    SAY(1773319397, "engineering", "nika",
        "I said that I do not read it any more, my report did not know")
    SAY(1773320657, "engineering", "nika",
        "Fixed, my report reads the new table and the numbers are right")
    SAY(1773321137, "general", "piet", "I can breathe again")

    /* Friday, 13 March 2026 */
    SAY(1773388517, "general", "mara",
        "Good morning, it is Friday the thirteenth, all boats are booked, what can go wrong")
    SAY(1773388577, "general", "otto", "Good morning, the lock on pier 3 is stuck again")
    SAY(1773388697, "harbour", "piet",
        "Hold the button for ten seconds and wait for the green light")
    SAY(1773388997, "harbour", "otto", "The lock on pier 3 is green, the day is saved")
    SAY(1773389837, "harbour", "otto", "The three batteries are here, boat 9 gets the first one")
    SAY(1773390197, "engineering", "idris", "I will not deploy today, it is Friday the thirteenth")
    SAY(1773390257, "engineering", "lena", "I would like to deploy today, the grey boat is ready")
    SAY(1773390317, "engineering", "mara", "Deploy on Monday, the grey boat can wait")
    SAY(1773390437, "engineering", "sol", "The grey boat has waited for years")
    SAY(1773390977, "support", "yusuf", "A customer brought a cake because of the swan")
    SAY(1773391037, "general", "sol", "I will take care of the cake")
    SAY(1773391097, "general", "otto", "Chocolate?")
    SAY(1773391157, "general", "yusuf", "Chocolate, with a swan on it")
    SAY(1773391337, "general", "nika",
        "We have 412 members today and the shortest list of open refunds ever")
    SAY(1773391457, "general", "mara", "That is worth a second cake, thank you everyone")
    SAY(1773392537, "support", "yusuf", "A customer asks how to cancel a booking on the same day")
    SAY_WITH(1773392717, "support", "yusuf",
        "How to cancel a booking: open the booking, press cancel, the money comes back within two "
        "days",
        HOW_TO("howto-cancel", "How to cancel a booking"))
    SAY(1773393917, "engineering", "piet",
        "The alert for certificates is ready, it warns two weeks before and two days before")
    SAY(1773394037, "engineering", "piet",
        "It already warns: the certificate of the map server is over in nine days")
    SAY(1773394097, "engineering", "idris", "That is a good alert, can you renew it today?")
    SAY(1773395057, "engineering", "piet", "Renewed, and the next one renews itself")
    SAY(1773396377, "general", "otto",
        "All boats are back, all locks are green, the duck still has the hat")
    SAY(1773396437, "general", "mara", "Have a good weekend everyone, Lena is on call until Monday")
    SAY(1773396497, "general", "lena", "I am on call until Monday, please break nothing ⛵");
/* clang-format on */
