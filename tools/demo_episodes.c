/* What an agent of that team did: how the boats are built, the customers helped, the numbers made.
 *
 * Some ways of working come back (grep, open, edit, test), so that there are patterns to find; some
 * fail, and some recover.
 */
#include "tools/demo_corpus.h"

#define EPISODE(key, domain, type, complexity, tags, task)                                         \
    "{\"episode\":\"" key "\",\"domain\":\"" domain "\",\"type\":\"" type                          \
    "\",\"context\":{\"complexity\":\"" complexity "\"},\"tags\":[" tags "],\"task\":\"" task      \
    "\",\"steps\":["
#define STEP(tool, action, ok, milliseconds, what, text)                                           \
    "{\"tool\":\"" tool "\",\"action\":\"" action "\",\"ok\":" ok ",\"latency_ms\":" #milliseconds \
    ",\"" what "\":\"" text "\"}"

#define FIRST(tool, action, milliseconds, result)                                                  \
    STEP(tool, action, "true", milliseconds, "observation", result)
#define FIRST_FAILED(tool, action, milliseconds, error)                                            \
    STEP(tool, action, "false", milliseconds, "error", error)
#define THEN(tool, action, milliseconds, result) "," FIRST(tool, action, milliseconds, result)
#define THEN_FAILED(tool, action, milliseconds, error)                                             \
    "," FIRST_FAILED(tool, action, milliseconds, error)

#define SUCCEEDED              "],\"outcome\":\"success\"}\n"
#define MADE(artifacts)        "],\"outcome\":\"success\",\"artifacts\":[" artifacts "]}\n"
#define ENDED(outcome, reason) "],\"outcome\":\"" outcome "\",\"reason\":\"" reason "\"}\n"

/* clang-format off */
const char cairn_demo_episodes[] =
    /* Building, testing and deploying. */

    EPISODE("ci-01", "ci", "fix", "simple", "\"tests\",\"bookings\"",
            "Find why the booking tests are red")
    FIRST("grep", "search the log for the first failure", 420,
          "test_booking_day: expected Tuesday, got Wednesday")
    THEN("open", "read booking/day.py", 90, "the day is taken from local time")
    THEN("edit", "take the day from UTC", 310, "1 line changed")
    THEN("test", "run the booking tests", 8200, "41 passed")
    MADE("\"test report\"")

    EPISODE("ci-02", "ci", "fix", "moderate", "\"payments\",\"queue\"",
            "Make the payment webhook answer quickly")
    FIRST("grep", "find who waits for the mail server", 510,
          "payments/webhook.py sends mail in the request")
    THEN("open", "read payments/webhook.py", 120, "send_mail is called before the answer")
    THEN("edit", "put the mail into a queue", 940, "2 files changed")
    THEN("test", "run the payment tests", 9100, "63 passed")
    MADE("\"test report\"")

    EPISODE("ci-03", "ci", "fix", "simple", "\"tests\",\"reports\"",
            "Find why the report tests are red")
    FIRST("grep", "search the log for the first failure", 380,
          "test_report_format: expected 1,240, got 1.240")
    THEN("open", "read reports/format.py", 80, "the number format follows the locale")
    THEN("edit", "fix the locale to English", 260, "1 line changed")
    THEN("test", "run the report tests", 5200, "28 passed")
    SUCCEEDED

    EPISODE("ci-04", "ci", "fix", "moderate", "\"mobile\",\"battery\"",
            "Stop the app from asking for the position every second")
    FIRST("grep", "find the position requests", 450, "3 matches in track.kt")
    THEN("open", "read track.kt", 110, "interval is 1 s everywhere")
    THEN("edit", "use 10 s at the pier", 520, "1 file changed")
    THEN("test", "run the app tests", 21000, "112 passed")
    SUCCEEDED

    EPISODE("ci-05", "ci", "fix", "complex", "\"payments\",\"webhook\"",
            "Store the booking before the webhook answers")
    FIRST("grep", "find where the webhook answers", 430, "payments/webhook.py answers first")
    THEN("open", "read payments/webhook.py", 130, "the booking is stored by a worker")
    THEN("edit", "store first, answer after", 1100, "3 files changed")
    THEN_FAILED("test", "run the payment tests", 9600, "2 failed: database is locked")
    THEN("edit", "use one transaction for both", 700, "1 file changed")
    THEN("test", "run the payment tests", 9400, "65 passed")
    MADE("\"test report\"")

    EPISODE("ci-06", "ci", "fix", "simple", "\"mobile\",\"push\"",
            "Send push messages once")
    FIRST("grep", "find where phones are registered", 400, "register() is called at every start")
    THEN("open", "read push.py", 100, "there is no unique key")
    THEN("edit", "make the phone unique", 480, "1 file changed")
    THEN("test", "run the push tests", 6100, "19 passed")
    SUCCEEDED

    EPISODE("ci-07", "ci", "fix", "moderate", "\"backup\"",
            "Make the backup write to the right folder")
    FIRST("grep", "find the folder in the scripts", 350, "2 matches in backup.sh")
    THEN("open", "read backup.sh", 70, "the folder comes from an old variable")
    THEN("edit", "take the folder from the settings", 290, "1 file changed")
    THEN_FAILED("test", "run the backup on a copy", 30000, "permission denied: /mnt/backup")
    THEN("edit", "create the folder with the right owner", 330, "1 file changed")
    THEN("test", "run the backup on a copy", 28000, "written in 27 s")
    SUCCEEDED

    EPISODE("ci-08", "ci", "fix", "complex", "\"locks\",\"firmware\"",
            "Find why the lock on pier 3 is stuck after rain")
    FIRST("grep", "search the firmware log", 600, "timeouts after 02:00")
    THEN("open", "read lock/motor.c", 150, "the motor waits for a switch")
    THEN("edit", "wait longer for the switch", 420, "1 line changed")
    THEN_FAILED("test", "run the lock on the bench", 45000, "the lock opens by itself")
    THEN("revert", "take the change back", 200, "reverted")
    ENDED("failure", "the lock opened by itself on the bench")

    EPISODE("ci-09", "ci", "build", "simple", "\"build\",\"cache\"",
            "Find why the tests take eleven minutes")
    FIRST("log.read", "read the build log", 640, "cache miss at every step")
    THEN("grep", "find the cache key", 300, "the key has the date in it")
    THEN("open", "read ci.yml", 60, "key: deps-2026-03-03")
    THEN("edit", "key on the lock file", 210, "1 line changed")
    THEN("test", "run the build twice", 410000, "second run: 95 s")
    SUCCEEDED

    EPISODE("ci-10", "ci", "build", "simple", "\"build\",\"cache\"",
            "Find why the nightly build is slow")
    FIRST("log.read", "read the build log", 580, "the image is pulled each time")
    THEN("grep", "find where the image is named", 280, "image: latest")
    THEN("open", "read ci.yml", 60, "no digest")
    THEN("edit", "name the image by its digest", 240, "1 line changed")
    THEN("test", "run the build twice", 380000, "second run: 110 s")
    SUCCEEDED

    EPISODE("ci-11", "ci", "build", "moderate", "\"build\",\"memory\"",
            "Find why the map build is killed")
    FIRST("log.read", "read the build log", 700, "killed after 4 GB")
    THEN("grep", "find where tiles are joined", 330, "join_tiles() keeps all of them")
    THEN("open", "read tiles.py", 100, "a list of all tiles")
    THEN("edit", "join tiles one by one", 880, "1 file changed")
    THEN("test", "run the map build", 120000, "peak 600 MB")
    SUCCEEDED

    EPISODE("ci-12", "ci", "build", "moderate", "\"build\",\"certificates\"",
            "Find why the map server refuses the upload")
    FIRST("log.read", "read the build log", 540, "certificate has expired")
    THEN("grep", "find who renews it", 310, "nobody does")
    THEN_FAILED("deploy", "upload the tiles again", 2100, "certificate has expired")
    ENDED("failure", "the certificate has to be renewed by hand first")

    EPISODE("ci-13", "ci", "deploy", "simple", "\"deploy\"",
            "Deploy booking-service 42")
    FIRST("test", "run the booking tests", 8300, "43 passed")
    THEN("deploy", "roll out version 42", 94000, "all checks green")
    THEN("watch", "look at errors for five minutes", 300000, "no new errors")
    SUCCEEDED

    EPISODE("ci-14", "ci", "deploy", "simple", "\"deploy\"",
            "Deploy mobile-gateway 18")
    FIRST("test", "run the gateway tests", 4400, "51 passed")
    THEN("deploy", "roll out version 18", 73000, "all checks green")
    THEN("watch", "look at errors for five minutes", 300000, "no new errors")
    SUCCEEDED

    EPISODE("ci-15", "ci", "deploy", "moderate", "\"deploy\",\"rollback\"",
            "Deploy payments 7")
    FIRST("test", "run the payment tests", 9000, "61 passed")
    THEN("deploy", "roll out version 7", 66000, "all checks green")
    THEN_FAILED("watch", "look at errors for five minutes", 120000,
                "error rate 4 %, connection refused")
    THEN("rollback", "go back to version 6", 31000, "error rate 0 %")
    ENDED("partial", "rolled back, the cause is a missing setting")

    EPISODE("ci-16", "ci", "deploy", "simple", "\"deploy\"",
            "Deploy payments 8")
    FIRST("test", "run the payment tests", 9100, "63 passed")
    THEN("deploy", "roll out version 8", 65000, "all checks green")
    THEN("watch", "look at errors for five minutes", 300000, "no new errors")
    SUCCEEDED

    /* Helping customers. */

    EPISODE("sup-01", "support", "refund", "simple", "\"deposit\"",
            "Give a deposit back that was taken twice")
    FIRST("find_customer", "search by mail address", 210, "customer 1182")
    THEN("read_booking", "look at the last booking", 140, "deposit taken twice at 09:12")
    THEN("refund", "give one deposit back", 900, "50 euros")
    THEN("send_message", "tell the customer", 260, "sent")
    SUCCEEDED

    EPISODE("sup-02", "support", "refund", "simple", "\"deposit\"",
            "Give a deposit back after a double tap")
    FIRST("find_customer", "search by phone number", 190, "customer 877")
    THEN("read_booking", "look at the last booking", 150, "two deposits within a second")
    THEN("refund", "give one deposit back", 870, "50 euros")
    THEN("send_message", "tell the customer", 240, "sent")
    SUCCEEDED

    EPISODE("sup-03", "support", "refund", "moderate", "\"booking\",\"payments\"",
            "Give money back for a paid trip without a booking")
    FIRST("find_customer", "search by mail address", 230, "customer 2011")
    THEN("read_booking", "look for the booking of 08:14", 160, "payment without a booking")
    THEN("refund", "give the price back", 920, "38 euros")
    THEN("send_message", "tell the customer", 250, "sent")
    SUCCEEDED

    EPISODE("sup-04", "support", "refund", "simple", "\"weather\"",
            "Give money back because pier 4 was closed")
    FIRST("find_customer", "search by name", 220, "customer 640")
    THEN("read_booking", "look at the booking", 140, "pier 4, closed for wind")
    THEN("refund", "give the price back", 880, "24 euros")
    THEN("send_message", "tell the customer", 240, "sent")
    SUCCEEDED

    EPISODE("sup-05", "support", "refund", "moderate", "\"damage\"",
            "Decide about a deposit after a broken oar")
    FIRST("find_customer", "search by name", 200, "customer 93")
    THEN("read_booking", "look at the booking", 150, "boat 7, oar broken")
    THEN("escalate", "ask Mara", 5400000, "it was a swan, give the deposit back")
    THEN("refund", "give the deposit back", 910, "50 euros")
    THEN("send_message", "tell the customer", 280, "sent")
    SUCCEEDED

    EPISODE("sup-06", "support", "refund", "simple", "\"booking\"",
            "Give money back after a cancellation on the same day")
    FIRST("find_customer", "search by booking number", 180, "customer 1420")
    THEN("read_booking", "look at the booking", 130, "cancelled at 10:02")
    THEN_FAILED("refund", "give the price back", 1500, "card was replaced")
    THEN("send_message", "ask for the new card", 250, "sent")
    THEN("refund", "give the price back to the new card", 940, "31 euros")
    SUCCEEDED

    EPISODE("sup-07", "support", "access", "simple", "\"lock\"",
            "Open a lock for a customer who stands on the pier")
    FIRST("find_customer", "search by phone number", 170, "customer 301")
    THEN("read_booking", "look at the booking", 120, "boat 2, pier 2, now")
    THEN("open_lock", "open the lock of boat 2", 1400, "open")
    SUCCEEDED

    EPISODE("sup-08", "support", "access", "simple", "\"lock\"",
            "Open a lock that does not answer to the app")
    FIRST("find_customer", "search by phone number", 180, "customer 518")
    THEN("read_booking", "look at the booking", 130, "boat 11, pier 1, now")
    THEN("open_lock", "open the lock of boat 11", 1600, "open")
    SUCCEEDED

    EPISODE("sup-09", "support", "access", "moderate", "\"lock\",\"day\"",
            "Open a lock for a booking on the wrong day")
    FIRST("find_customer", "search by name", 210, "customer 1077")
    THEN("read_booking", "look at the booking", 140, "it says tomorrow")
    THEN_FAILED("open_lock", "open the lock of boat 5", 300, "refused: no booking now")
    THEN("move_booking", "move it to today", 620, "moved")
    THEN("open_lock", "open the lock of boat 5", 1500, "open")
    SUCCEEDED

    EPISODE("sup-10", "support", "access", "simple", "\"lock\"",
            "Open a lock with an empty battery")
    FIRST("find_customer", "search by phone number", 190, "customer 422")
    THEN("read_booking", "look at the booking", 120, "boat 12, pier 3, now")
    THEN_FAILED("open_lock", "open the lock of boat 12", 8000, "timeout: the lock does not answer")
    THEN_FAILED("open_lock", "open the lock of boat 12 again", 8000,
                "timeout: the lock does not answer")
    THEN("escalate", "call Otto", 600000, "opened by hand")
    ENDED("partial", "opened by hand, the battery was empty")

    EPISODE("sup-11", "support", "access", "simple", "\"lock\"",
            "Open a lock after a firmware update")
    FIRST("find_customer", "search by phone number", 160, "customer 733")
    THEN("read_booking", "look at the booking", 130, "boat 3, pier 3, now")
    THEN("open_lock", "open the lock of boat 3", 1700, "open")
    SUCCEEDED

    EPISODE("sup-12", "support", "account", "simple", "\"password\"",
            "Help a customer who forgot his password")
    FIRST("find_customer", "search by mail address", 220, "customer 260")
    THEN("reset_password", "send the reset password mail", 340, "sent")
    THEN("send_message", "say that it may be in the spam folder", 230, "sent")
    SUCCEEDED

    EPISODE("sup-13", "support", "account", "moderate", "\"password\"",
            "Help a customer who forgot password and mail address")
    FIRST_FAILED("find_customer", "search by name", 240, "14 customers of that name")
    THEN("find_customer", "search by booking number", 180, "customer 1533")
    THEN("reset_password", "send the reset password mail", 360, "sent")
    THEN("send_message", "say that it is on its way", 230, "sent")
    SUCCEEDED

    EPISODE("sup-14", "support", "account", "simple", "\"password\",\"language\"",
            "Help a customer whose password mail is in the wrong language")
    FIRST("find_customer", "search by mail address", 210, "customer 1610")
    THEN("reset_password", "send the reset password mail in French", 350, "sent")
    THEN("send_message", "say that it is on its way", 240, "sent")
    SUCCEEDED

    EPISODE("sup-15", "support", "account", "moderate", "\"receipt\"",
            "Send a receipt with a tax number")
    FIRST("find_customer", "search by mail address", 200, "customer 44")
    THEN("read_booking", "look at the last five bookings", 260, "five trips")
    THEN_FAILED("send_receipt", "send it with the tax number", 800, "no field for a tax number")
    THEN("escalate", "ask Mara", 3600000, "written by hand")
    ENDED("partial", "written by hand, the form comes later")

    /* Reports and checks. */

    EPISODE("data-01", "data", "report", "simple", "\"report\",\"members\"",
            "Write the report of February")
    FIRST("query", "count bookings and members", 1300, "1,912 bookings, 300 members")
    THEN("inspect", "look at the longest trips", 400, "three trips over 20 hours")
    THEN("clean", "leave out boats that were not returned", 350, "3 rows left out")
    THEN("chart", "draw bookings a day", 900, "1 chart")
    THEN("publish", "put it into the data folder", 200, "published")
    MADE("\"chart\",\"report\"")

    EPISODE("data-02", "data", "report", "simple", "\"report\",\"refunds\"",
            "Write the report of refunds")
    FIRST("query", "count refunds by reason", 1100, "58 refunds")
    THEN("inspect", "look at refunds without a reason", 380, "4 rows")
    THEN("clean", "ask support and fill in the reason", 1800000, "4 rows filled in")
    THEN("chart", "draw refunds a week", 860, "1 chart")
    THEN("publish", "put it into the data folder", 210, "published")
    MADE("\"chart\",\"report\"")

    EPISODE("data-03", "data", "report", "moderate", "\"report\",\"batteries\"",
            "Estimate hours on the water from the battery")
    FIRST("query", "collect battery and trip length", 2400, "6,100 trips")
    THEN("inspect", "look at trips with wind", 520, "wind costs a third")
    THEN("clean", "leave out batteries over 900 cycles", 310, "410 rows left out")
    THEN("chart", "draw hours against battery", 1000, "1 chart")
    THEN("publish", "put it into the design folder", 190, "published")
    MADE("\"chart\",\"model\"")

    EPISODE("data-04", "data", "check", "moderate", "\"migration\",\"bookings\"",
            "Compare bookings before and after the migration")
    FIRST("query", "count bookings a day on the copy", 1500, "1,240 moved")
    THEN("inspect", "look at what is missing", 600, "8812 and 8813")
    THEN("query", "find bookings of the same boat and hour", 1200, "a real double booking")
    THEN("publish", "tell the team", 180, "published")
    SUCCEEDED

    EPISODE("data-05", "data", "check", "simple", "\"push\",\"registrations\"",
            "Find phones without a registration")
    FIRST("query", "count phones without a registration", 900, "40 phones")
    THEN("inspect", "look at their settings", 300, "all said no to push messages")
    THEN("query", "count phones with two registrations", 850, "none")
    THEN("publish", "tell the team", 170, "published")
    SUCCEEDED

    EPISODE("data-06", "data", "check", "moderate", "\"payments\"",
            "Find who paid at 08:14 and has no booking")
    FIRST("query", "find payments without a booking", 1000, "4 payments")
    THEN("inspect", "look at the times", 280, "all at 08:14")
    THEN("query", "look for more on other days", 1400, "none")
    THEN("publish", "put the list into the support folder", 190, "published")
    SUCCEEDED

    EPISODE("data-07", "data", "check", "simple", "\"clock\"",
            "Find when the clock of the old server went wrong")
    FIRST("query", "compare times of two servers", 1700, "one hour apart")
    THEN("inspect", "look at the first difference", 350, "29 March of last year")
    THEN_FAILED("query", "compare with the year before", 60000,
                "timeout: no index on the old table")
    ENDED("failure", "the old table is too slow to look further back")

    EPISODE("data-08", "data", "report", "simple", "\"report\",\"members\"",
            "Write the report of March")
    FIRST_FAILED("query", "count bookings and members", 700, "no such table: booking_old")
    THEN("inspect", "look at what the report reads", 240, "it reads the old booking table")
    THEN("query", "count bookings in the new table", 1200, "1,020 bookings, 412 members")
    THEN("chart", "draw bookings a day", 880, "1 chart")
    THEN("publish", "put it into the data folder", 200, "published")
    MADE("\"chart\",\"report\"")

    EPISODE("data-09", "data", "report", "simple", "\"report\",\"boats\"",
            "Find the boats that are booked most")
    FIRST("query", "count bookings by boat", 1100, "boat 5 leads")
    THEN("inspect", "look at boat 5", 260, "it is the one in the shade")
    THEN("clean", "leave out days with pier 4 closed", 300, "6 days left out")
    THEN("chart", "draw bookings by boat", 840, "1 chart")
    THEN("publish", "put it into the data folder", 180, "published")
    MADE("\"chart\",\"report\"");
/* clang-format on */
