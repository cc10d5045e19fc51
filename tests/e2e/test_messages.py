"""Messages: posting them, one or many, reading them back, and repeating them."""
import json
import threading

import support


class Posting(support.Case):
    def test_one_message_comes_back_as_it_was_sent(self):
        message = {
            "channel": "general", "author": "ann", "text": "the deploy is done", "ts": 1700000000123,
            "id": "m-1", "session": "monday", "title": "Deploys", "role": "assistant", "bot": True,
            "expires_at": 4102444800000, "meta": {"k": [1, {"deep": None}]},
            "attachments": [{"url": "https://example.org/a.png", "caption": "a graph"}],
        }
        answer = self.client.post(self.path("/messages"), message)
        self.assertEqual(answer.status, 200, answer)
        seq = answer.json()["first_seq"]
        self.assertEqual(answer.json(), {"first_seq": seq, "last_seq": seq, "accepted": 1,
                                         "duplicates": 0, "ack": "durable"})

        stored = self.client.get(self.path(f"/messages/{seq}")).json()
        self.assertEqual(stored, {"seq": seq, "kind": "message", "space": self.space, **message})

    def test_lines_get_consecutive_numbers_in_their_order(self):
        texts = [f"line number {i}" for i in range(250)]
        answer = self.post(*texts)
        self.assertEqual(answer["accepted"], 250)
        self.assertEqual(answer["last_seq"] - answer["first_seq"], 249)
        items = self.client.get(self.path("/messages?limit=1000")).json()["items"]
        self.assertEqual([item["text"] for item in items], texts)
        self.assertEqual([item["seq"] for item in items],
                         list(range(answer["first_seq"], answer["last_seq"] + 1)))

    def test_blank_lines_and_windows_line_ends_are_passed_over(self):
        body = b'\n{"channel":"c","author":"a","text":"one"}\r\n\r\n' \
               b'   \n{"channel":"c","author":"a","text":"two"}'
        answer = self.client.post(self.path("/messages"), body,
                                  **{"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.json()["accepted"], 2, answer)

    def test_meta_is_spelled_as_it_was_sent(self):
        meta = '{"big":12345678901234567890123,"exp":1.50E+3,"zero":-0.0,"text":"\\u00e9\\n",' \
               '"list":[true,false,null,{}],"z":1,"a":2}'
        body = '{"channel":"c","author":"a","text":"t","meta": %s }' % meta.replace(":", " :\t")
        answer = self.client.post(self.path("/messages"), body.encode())
        self.assertEqual(answer.status, 200, answer)
        seq = answer.json()["first_seq"]
        stored = self.client.get(self.path(f"/messages/{seq}")).body.decode()
        self.assertIn(f'"meta":{meta}', stored)

    def test_texts_of_all_scripts_come_back(self):
        texts = ["Straße in Zürich", "日本語のテキスト", "Ελληνικά", "עברית", "👩‍👩‍👧‍👦 family",
                 "e\u0301 and é", "tab\tnewline\nquote\" backslash\\ \u2028 \u0000 end"]
        answer = self.post(*texts)
        items = self.client.get(self.path("/messages")).json()["items"]
        self.assertEqual([item["text"] for item in items], texts)
        self.assertEqual(answer["accepted"], len(texts))

    def test_a_text_may_have_one_mebibyte_and_no_byte_more(self):
        largest = ("word " * (1 << 18))[:1 << 20]
        answer = self.post(largest)
        stored = self.client.get(self.path(f"/messages/{answer['first_seq']}")).json()
        self.assertEqual(stored["text"], largest)
        self.assert_problem(
            self.client.post(self.path("/messages"),
                             {"channel": "c", "author": "a", "text": largest + "x"}), 400, "text")

    def test_a_text_is_empty_only_beside_attachments(self):
        message = {"channel": "c", "author": "a", "text": ""}
        self.assert_problem(self.client.post(self.path("/messages"), message), 400, "text")
        message["attachments"] = [{"url": "https://example.org/cat.png", "caption": "zebrafish"}]
        self.assertEqual(self.client.post(self.path("/messages"), message).status, 200)
        self.assertEqual(self.texts_found("zebrafish"), [""])

    def test_a_reply_names_the_message_that_it_answers(self):
        first = self.post("a question")["first_seq"]
        second = self.post("an answer", reply_to=first)["first_seq"]
        stored = self.client.get(self.path(f"/messages/{second}")).json()
        self.assertEqual(stored["reply_to"], first)

    def test_names_may_be_anything_but_control_characters(self):
        channel, author = "#général / späm?", "Ünïcode & co <a@b>"
        self.service.post_messages(self.space, {"channel": channel, "author": author, "text": "x"})
        query = f"/messages?channel={support.quote(channel)}&author={support.quote(author)}"
        items = self.client.get(self.path(query)).json()["items"]
        self.assertEqual([(i["channel"], i["author"]) for i in items], [(channel, author)])


class Acknowledging(support.Case):
    def test_the_answer_says_how_safe_it_is(self):
        for ack in ("durable", "buffered"):
            answer = self.service.post_messages(self.space, {"text": "t"}, query=f"?ack={ack}")
            self.assertEqual(answer["ack"], ack)
        self.assert_problem(
            self.client.post(self.path("/messages?ack=maybe"), {}), 400, "durable")

    def test_the_default_comes_from_the_settings(self):
        service = self.own_service("storage.durability=buffered")
        self.assertEqual(service.post_texts("s", "t")["ack"], "buffered")


class Repeating(support.Case):
    def setUp(self):
        super().setUp()
        self.message = {"channel": "c", "author": "a", "text": "once", "id": "key", "ts": 1}

    def test_the_same_id_stores_nothing_and_names_the_original(self):
        first = self.service.post_messages(self.space, self.message)
        again = self.service.post_messages(self.space, self.message)
        self.assertEqual(again["first_seq"], first["first_seq"])
        self.assertEqual((again["accepted"], again["duplicates"]), (0, 1))
        self.assertEqual(len(self.client.get(self.path("/messages")).json()["items"]), 1)

    def test_a_repeat_within_one_body_is_seen(self):
        other = {**self.message, "id": "other"}
        answer = self.service.post_messages(self.space, self.message, other, self.message)
        self.assertEqual((answer["accepted"], answer["duplicates"]), (2, 1))
        self.assertEqual(answer["last_seq"], answer["first_seq"] + 1)

    def test_the_same_id_with_other_content_is_a_conflict(self):
        self.service.post_messages(self.space, self.message)
        before = self.service.seq()
        self.assert_problem(
            self.client.post(self.path("/messages"), {**self.message, "text": "twice"}), 409, "key")
        self.assert_problem(
            self.client.post(self.path("/messages"),
                             [{"channel": "c", "author": "a", "text": "new"},
                              {**self.message, "author": "b"}]), 409)
        self.assertEqual(self.service.seq(), before)

    def test_an_id_counts_within_its_space_only(self):
        self.service.post_messages(self.space, self.message)
        answer = self.service.post_messages(self.new_space(), {**self.message, "text": "else"})
        self.assertEqual(answer["accepted"], 1)

    def test_of_many_who_send_the_same_one_is_accepted(self):
        answers = []

        def send():
            client = self.service.connect()
            for i in range(50):
                answers.append(client.post(self.path("/messages"), {
                    "channel": "c", "author": "a", "text": f"text {i}", "id": f"id-{i}", "ts": 1}))
            client.close()
        senders = [threading.Thread(target=send) for _ in range(6)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(sum(answer.json()["accepted"] for answer in answers), 50)
        self.assertEqual(sum(answer.json()["duplicates"] for answer in answers), 250)
        items = self.client.get(self.path("/messages")).json()["items"]
        self.assertEqual(sorted(item["id"] for item in items), sorted(f"id-{i}" for i in range(50)))

    def test_a_repeat_is_known_after_a_kill(self):
        service = self.own_service()
        first = service.post_messages("s", self.message)
        service.restart(kill=True)
        again = service.post_messages("s", self.message)
        self.assertEqual((again["first_seq"], again["duplicates"]), (first["first_seq"], 1))


class BadLines(support.Case):
    def setUp(self):
        super().setUp()
        good = [json.dumps({"channel": "c", "author": "a", "text": f"good {i}"}) for i in range(4)]
        self.body = "\n".join([good[0], good[1], '{"channel":"c","author":"a"}', good[2],
                               "not json", good[3]]).encode()

    def send(self, query):
        return self.client.post(self.path("/messages" + query), self.body,
                                **{"Content-Type": "application/x-ndjson"})

    def test_one_bad_line_refuses_the_whole_body_and_is_named(self):
        before = self.service.seq()
        for query in ("", "?on_error=reject"):
            problem = self.assert_problem(self.send(query), 400, "text")
            self.assertEqual(problem["line"], 3)
        self.assertEqual(self.service.seq(), before)

    def test_skipping_stores_the_good_lines_and_names_the_bad(self):
        answer = self.send("?on_error=skip").json()
        self.assertEqual(answer["accepted"], 4)
        self.assertEqual([bad["line"] for bad in answer["rejected"]], [3, 5])
        self.assertTrue(all(bad["detail"] for bad in answer["rejected"]))
        items = self.client.get(self.path("/messages")).json()["items"]
        self.assertEqual([item["text"] for item in items], [f"good {i}" for i in range(4)])

    def test_skipping_names_at_most_a_hundred(self):
        self.body = b"bad\n" * 250 + b'{"channel":"c","author":"a","text":"good"}'
        answer = self.send("?on_error=skip").json()
        self.assertEqual((answer["accepted"], len(answer["rejected"])), (1, 100))

    def test_skipping_all_lines_stores_nothing(self):
        before = self.service.seq()
        self.body = b"bad\nworse\n"
        answer = self.send("?on_error=skip")
        self.assertEqual((answer.status, answer.json()["accepted"]), (200, 0), answer)
        self.assertEqual(self.service.seq(), before)

    def test_on_error_takes_two_values(self):
        self.assert_problem(self.send("?on_error=ignore"), 400, "skip")


class Listing(support.Case):
    def setUp(self):
        super().setUp()
        self.service.post_messages(self.space, *(
            {"channel": "even" if i % 2 == 0 else "odd", "author": f"author-{i % 3}",
             "text": f"message {i}", "ts": 1000 + i} for i in range(25)))

    def numbers(self, query):
        answer = self.client.get(self.path("/messages" + query))
        self.assertEqual(answer.status, 200, answer)
        return [int(item["text"].split()[1]) for item in answer.json()["items"]]

    def test_filters_narrow_the_list(self):
        self.assertEqual(self.numbers("?channel=even"), list(range(0, 25, 2)))
        self.assertEqual(self.numbers("?author=author-1"), list(range(1, 25, 3)))
        self.assertEqual(self.numbers("?channel=odd&author=author-0"), [3, 9, 15, 21])
        self.assertEqual(self.numbers("?since=1010&until=1012")[:2], [10, 11])
        self.assertEqual(self.numbers("?channel=nowhere"), [])
        self.assertEqual(self.numbers("?author=nobody"), [])

    def test_pages_join_to_the_whole(self):
        for filters, limit in (("", 7), ("&channel=odd", 1), ("", 25), ("", 24)):
            whole = self.numbers("?limit=1000" + filters)
            query = f"?limit={limit}{filters}"
            pages, cursor = [], ""
            while cursor is not None:
                answer = self.client.get(self.path("/messages" + query + cursor)).json()
                pages += [int(item["text"].split()[1]) for item in answer["items"]]
                cursor = answer["next_cursor"]
                cursor = None if cursor is None else f"&cursor={support.quote(str(cursor))}"
            self.assertEqual(pages, whole, query)

    def test_limits_are_told(self):
        for limit in ("0", "1001", "-1", "x"):
            self.assert_problem(self.client.get(self.path(f"/messages?limit={limit}")), 400, "limit")
        self.assertEqual(len(self.numbers("?limit=1")), 1)
        self.assertEqual(len(self.numbers("?limit=1000")), 25)
        self.assert_problem(self.client.get(self.path("/messages?since=yesterday")), 400, "since")
        self.assert_problem(self.client.get(self.path("/messages?cursor=zzz")), 400, "cursor")

    def test_one_that_is_not_there_is_not_found(self):
        self.assert_problem(self.client.get(self.path("/messages/999999999")), 404)
        self.assert_problem(self.client.get(self.path("/messages/0")), 404)
        self.assert_problem(self.client.get(self.path("/messages/one")), 400)
        self.assert_problem(self.client.get("/v1/spaces/no-such-space/messages"), 404)


if __name__ == "__main__":
    support.unittest.main()
