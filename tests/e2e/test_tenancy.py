"""Two spaces with the same words, names and ids never see each other, nor each other's statistics.

Both live in one shard, so that nothing but the space keeps them apart; and every answer of a space
is compared with that of a service where it is alone.
"""
import support

CHAT = [
    ("general", "ann", "shared words come before the joint in general"),
    ("general", "bob", "other words come before the end of the day"),
    ("random", "ann", "deploy the joint release before the weekend"),
    ("random", "eve", "words about deploy and words about release"),
]


def fill(service, space, mark, copies):
    """The same channels, authors, ids and beginnings everywhere; only the mark differs."""
    client, path = service.client, f"/v1/spaces/{space}"
    for copy in range(copies):
        service.post_messages(space, *(
            {"channel": channel, "author": author, "text": f"{text} {mark}{copy}",
             "id": f"id-{copy}-{i}", "ts": 1000 + copy}
            for i, (channel, author, text) in enumerate(CHAT)))
    episodes = [{"episode": f"key-{i}", "task": f"release {mark}", "domain": "web", "ts": 1,
                 "steps": [{"tool": tool, "action": "x", "ok": True, "ts": 2}
                           for tool in ("plan", mark, "test")],
                 "outcome": "success"} for i in range(3 + copies)]
    client.post(path + "/episodes:bulk", episodes)
    client.put(path + "/facts/ann/mood", {"value": mark, "ts": 5})
    client.put(path + f"/facts/ann/{mark}", {"value": "private", "ts": 5})
    client.post(path + "/events", {"kind": "note", "content": f"release note {mark}", "ts": 6})


def without_sequences(item):
    return {key: value for key, value in item.items()
            if key not in ("seq", "space", "episode", "first_seq", "last_seq", "ts", "refs", "took_us",
                           "started_at", "completed_at", "first_ts", "last_ts")}


class Tenancy(support.Case):
    """The spaces `left` and `right` of one service, and `left` again in a service of its own."""

    @classmethod
    def setUpClass(cls):
        cls.both = support.Service(["concurrency.shards=1"])
        cls.addClassCleanup(cls.both.close)
        cls.alone = support.Service()
        cls.addClassCleanup(cls.alone.close)
        fill(cls.both, "right", "walrus", 9)
        fill(cls.both, "left", "lobster", 4)
        fill(cls.both, "left2", "walrus", 2)  # one name begins like the other
        fill(cls.alone, "left", "lobster", 4)

    def ask(self, service, method, rest, body=None):
        if method == "POST":
            body = {**body, "min_seq": service.seq()}
        else:
            rest += ("&" if "?" in rest else "?") + f"min_seq={service.seq()}"
        answer = service.client.request(method, "/v1/spaces/left" + rest, body)
        self.assertEqual(answer.status, 200, answer)
        self.assertNotIn(b"walrus", answer.body)
        return answer

    def same(self, method, rest, body=None, member="items"):
        """The items of an answer, which are the same beside another space as alone."""
        found = []
        for service in (self.both, self.alone):
            items = self.ask(service, method, rest, body).json()
            items = items[member] if member else [items]
            found.append([without_sequences(item) for item in items])
        self.assertEqual(found[0], found[1])
        self.assertTrue(found[0], rest)
        return found[0]

    def test_searches_find_the_same_with_the_same_scores(self):
        for query in ("words", "deploy release", "joint", "lobster walrus", "release note"):
            self.same("POST", "/search", {"query": query, "k": 100}, "hits")

    def test_the_other_space_s_words_find_nothing(self):
        answer = self.ask(self.both, "POST", "/search", {"query": "lobster"})
        self.assertTrue(answer.json()["hits"])
        answer = self.both.client.post("/v1/spaces/left/search", {"query": "walrus"})
        self.assertEqual(answer.json()["hits"], [])

    def test_generated_texts_are_the_same(self):
        made = 0
        for seed in range(50):
            for body in ({"rng_seed": seed}, {"rng_seed": seed, "channel": "random"},
                         {"rng_seed": seed, "start": "words come", "allow_verbatim": True}):
                answers = [service.client.post("/v1/spaces/left/generate",
                                               {**body, "min_seq": service.seq()})
                           for service in (self.both, self.alone)]
                self.assertEqual(*(answer.status for answer in answers))
                self.assertEqual(*(without_sequences(answer.json()) for answer in answers))
                self.assertNotIn(b"walrus", answers[0].body)
                made += answers[0].status == 200
        self.assertGreater(made, 50)

    def test_references_stay_within_the_space(self):
        own = {item["seq"] for item in
               self.ask(self.both, "GET", "/messages?limit=1000").json()["items"]}
        for seed in range(20):
            answer = self.both.client.post("/v1/spaces/left/generate", {"rng_seed": seed})
            if answer.status == 200:
                self.assertLessEqual(set(answer.json()["refs"]), own)

    def test_lists_are_the_same(self):
        self.same("GET", "/messages?limit=1000")
        self.same("GET", "/messages?author=ann")
        self.same("GET", "/episodes")
        self.same("GET", "/episodes?key=key-0")
        self.same("GET", "/patterns")
        self.same("GET", "/facts/ann", member="facts")
        self.same("GET", "", member=None)

    def test_events_and_streams_hold_the_space_s_own(self):
        spaces = {event["space"] for event in
                  self.ask(self.both, "GET", "/events?limit=1000").lines()}
        self.assertEqual(spaces, {"left"})

    def test_an_event_of_another_space_is_not_there(self):
        client = self.both.client
        other = client.get("/v1/spaces/right/messages").json()["items"][0]["seq"]
        episode = client.get("/v1/spaces/right/episodes").json()["items"][0]["episode"]
        pattern = client.get("/v1/spaces/right/patterns").json()["items"][0]["id"]
        before = self.both.seq()
        for method, rest in (("GET", f"/messages/{other}"), ("DELETE", f"/messages/{other}"),
                             ("GET", f"/episodes/{episode}"), ("DELETE", f"/episodes/{episode}"),
                             ("POST", f"/episodes/{episode}/complete"),
                             ("GET", f"/patterns/{pattern}"), ("GET", "/facts/ann/walrus"),
                             ("GET", f"/forgets/{other}")):
            body = {"outcome": "success"} if method == "POST" else None
            self.assert_problem(client.request(method, "/v1/spaces/left" + rest, body), 404)
        self.assertEqual(self.both.seq(), before)

    def test_the_spaces_together_are_the_spaces_one_by_one(self):
        for service in (self.both, self.alone):
            service.stop()
            service.start()
        self.same("POST", "/search", {"query": "words", "k": 100}, "hits")


class Forgetting(support.Case):
    def test_forgetting_an_author_here_leaves_the_namesake_there(self):
        service = self.own_service("concurrency.shards=1")
        fill(service, "left", "lobster", 3)
        fill(service, "right", "walrus", 3)

        def right():
            hits = service.search("right", "words deploy", k=100)
            path = f"/v1/spaces/right/facts/ann?min_seq={service.seq()}"
            return hits, service.client.get(path).json()
        before = right()
        self.assertEqual(service.client.delete("/v1/spaces/left/authors/ann").status, 200)
        self.assertEqual(right(), before)
        self.assertEqual(service.client.delete("/v1/spaces/left").status, 200)
        self.assertEqual(right(), before)
        service.restart(kill=True)
        self.assertEqual(right(), before)


if __name__ == "__main__":
    support.unittest.main()
