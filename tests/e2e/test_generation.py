"""Generation: texts made of learned transitions, and the reasons when there is none."""
import support

# Two sentences that share two words in a row, so that there is something new to say at the joint.
LEFT = "alpha beta common middle gamma delta"
RIGHT = "epsilon zeta common middle eta theta"
CROSSED = {"alpha beta common middle eta theta", "epsilon zeta common middle gamma delta"}


class Generation(support.Case):
    def generate(self, **body):
        body.setdefault("min_seq", self.service.seq())
        return self.client.post(self.path("/generate"), body)

    def texts(self, count=30, **body):
        made = set()
        for seed in range(count):
            answer = self.generate(rng_seed=seed, **body)
            self.assertEqual(answer.status, 200, answer)
            made.add(answer.json()["text"])
        return made

    def test_texts_are_new_and_made_of_learned_transitions(self):
        self.post(LEFT, RIGHT)
        self.assertEqual(self.texts(), CROSSED)

    def test_trained_messages_come_back_only_when_allowed(self):
        self.post(LEFT, RIGHT)
        self.assertEqual(self.texts(allow_verbatim=True), CROSSED | {LEFT, RIGHT})

    def test_a_new_message_is_learned_at_once(self):
        self.post(LEFT, RIGHT)
        self.post("iota kappa common middle lambda")
        answer = self.generate(start="iota kappa", rng_seed=1).json()
        self.assertTrue(answer["text"].startswith("iota kappa common middle "), answer)
        self.assertTrue(answer["seed_used"])

    def test_an_unknown_start_is_told(self):
        self.post(LEFT, RIGHT)
        answer = self.generate(start="nobody ever said this", rng_seed=1).json()
        self.assertFalse(answer["seed_used"])
        self.assertIn(answer["text"], CROSSED)

    def test_the_same_seed_gives_the_same_text(self):
        self.post(*(f"word{i % 7} word{i % 5} word{i % 3} word{i % 4} end{i % 6}" for i in range(60)))
        for seed in (0, 7, 2**64 - 1):
            first, second = self.generate(rng_seed=seed).json(), self.generate(rng_seed=seed).json()
            for answer in (first, second):
                del answer["took_us"]
            self.assertEqual(first, second)
        self.assertGreater(len(self.texts(10)), 1)

    def test_refs_are_messages_that_hold_the_transitions(self):
        left, right = (self.post(text)["first_seq"] for text in (LEFT, RIGHT))
        other = self.post("nothing in common at all")["first_seq"]
        answer = self.generate(start="alpha beta", rng_seed=3).json()
        self.assertEqual(answer["text"], "alpha beta common middle eta theta")
        self.assertEqual(sorted(answer["refs"]), [left, right])
        self.assertNotIn(other, answer["refs"])
        self.assertGreaterEqual(answer["tries"], 1)
        self.assertGreaterEqual(answer["took_us"], 0)

    def test_filters_refuse_with_the_reason_and_the_tries(self):
        self.post(LEFT)
        self.assert_problem(self.generate(max_tries=17), 422, "17", "equal a trained message")
        self.post(RIGHT)
        self.assert_problem(self.generate(min_score=10**9, max_tries=5), 422, "5 tries", "min_score")
        self.assert_problem(self.generate(min_refs=100, max_tries=5), 422, "min_refs")
        answer = self.generate(min_refs=2, rng_seed=1)
        self.assertEqual(len(answer.json()["refs"]), 2)

    def test_score_is_at_least_what_was_asked(self):
        self.post(LEFT, RIGHT)
        scores = [self.generate(rng_seed=seed).json()["score"] for seed in range(5)]
        answer = self.generate(min_score=max(scores), rng_seed=1).json()
        self.assertGreaterEqual(answer["score"], max(scores))

    def test_a_text_has_at_most_so_many_words(self):
        self.post("round and round and round and round we go", "round and about")
        for words in (2, 3, 5):
            answer = self.generate(max_words=words, allow_verbatim=True, rng_seed=4)
            if answer.status == 200:
                self.assertLessEqual(len(answer.json()["text"].split()), words)
            else:
                self.assert_problem(answer, 422)

    def test_an_empty_corpus_is_told(self):
        self.client.put(self.path("/facts/s/k"), {"value": 1})
        self.assert_problem(self.generate(), 422, "empty")
        self.post(LEFT, RIGHT)
        self.assert_problem(self.generate(channel="elsewhere"), 422, "empty", "elsewhere")

    def test_a_channel_talks_of_its_own_messages_only(self):
        self.post(LEFT, RIGHT, channel="one")
        self.post("alpha beta common middle secret", channel="two")
        self.assertEqual(self.texts(40, channel="one"), CROSSED)

    def test_a_state_size_that_is_not_trained_is_refused(self):
        self.post(LEFT, RIGHT)
        self.assertEqual(self.generate(state_size=2).status, 200)
        self.assert_problem(self.generate(state_size=3), 422, "state_size")
        self.assert_problem(self.generate(state_size=6), 400, "state_size")

    def test_a_space_may_have_another_order(self):
        self.client.put(self.path("/settings"), {"state_size": 1})
        self.post("a joint b", "c joint d")
        self.assertEqual(self.texts(), {"a joint d", "c joint b"})
        self.assert_problem(self.generate(state_size=2), 422)

    def test_draws_follow_the_counts(self):
        """Three of four continuations say "often": over 800 draws far more than half do."""
        self.post(*["go on then often"] * 3, "go on then rarely", "we go on then")
        answers = [self.generate(rng_seed=seed, allow_verbatim=True, start="go on").json()["text"]
                   for seed in range(800)]
        often = sum(text.endswith("often") for text in answers)
        rarely = sum(text.endswith("rarely") for text in answers)
        # "go on then" is followed by often 3, rarely 1, the end 1 times.
        self.assertAlmostEqual(often / 800, 0.6, delta=0.1)
        self.assertAlmostEqual(rarely / 800, 0.2, delta=0.1)


class RealChat(support.Case):
    def test_no_text_equals_a_trained_message(self):
        messages = support.real_lines("chat", "ubuntu-irc.jsonl.gz", count=3000)
        self.service.post_messages(self.space, *messages)
        trained = {" ".join(message["text"].split()) for message in messages}
        made = 0
        for seed in range(100):
            answer = self.client.post(self.path("/generate"),
                                      {"rng_seed": seed, "min_seq": self.service.seq()})
            if answer.status == 200:
                made += 1
                self.assertNotIn(" ".join(answer.json()["text"].split()), trained)
        self.assertGreater(made, 90)


if __name__ == "__main__":
    support.unittest.main()
