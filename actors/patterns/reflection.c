#include "actors/patterns/reflection.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What the rules look at, gathered in one pass. */
struct findings {
    uint32_t ok_count;
    uint32_t failed_count;
    uint32_t tool_count;             /* different ones */
    struct cairn_slice failing_tool; /* failed most, with how often */
    uint32_t failing_tool_count;
    struct cairn_slice repeated_error; /* seen most, with how often */
    uint32_t repeated_error_count;
    struct cairn_slice recovering_tool; /* the first good step right after a failed one */
    uint64_t latency_sum_ms;
    uint32_t latency_count;
};

/* A text and where it was first seen; sorting these brings equal texts together. */
struct mention {
    struct cairn_slice text;
    uint32_t place;
};

static int compare_mentions(const void *a, const void *b)
{
    const struct mention *left = a;
    const struct mention *right = b;
    int order = cairn_slice_compare(left->text, right->text);
    return order != 0 ? order : (left->place > right->place) - (left->place < right->place);
}

/* Sort `mentions`; returns how many texts differ, and the one named most (of several, the one that
 * came first). */
static uint32_t most_named(struct mention *mentions, uint32_t count, struct cairn_slice *text,
                           uint32_t *times)
{
    uint32_t different = 0;
    uint32_t place = 0;
    *times = 0;
    qsort(mentions, count, sizeof(*mentions), compare_mentions);
    for (uint32_t first = 0, end = 0; first < count; first = end) {
        while (end < count && cairn_slice_equal(mentions[end].text, mentions[first].text))
            end++;
        different++;
        if (end - first < *times || (end - first == *times && mentions[first].place > place))
            continue;
        *times = end - first;
        *text = mentions[first].text;
        place = mentions[first].place;
    }
    return different;
}

static void look_at_steps(const struct cairn_reflection_input *input, struct findings *findings)
{
    for (uint32_t i = 0; i < input->step_count; i++) {
        const struct cairn_reflection_step *step = &input->steps[i];
        findings->ok_count += step->is_ok;
        findings->failed_count += !step->is_ok;
        findings->latency_sum_ms += step->latency_ms;
        findings->latency_count += step->latency_ms > 0;
        if (step->is_ok && i > 0 && !input->steps[i - 1].is_ok &&
            findings->recovering_tool.bytes == 0)
            findings->recovering_tool = step->tool;
    }
}

/* Fill `mentions` with one text of each step that `wants` names. */
enum wanted { ALL_TOOLS, FAILED_TOOLS, ERRORS };

static uint32_t gather(const struct cairn_reflection_input *input, enum wanted wanted,
                       struct mention *mentions)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < input->step_count; i++) {
        const struct cairn_reflection_step *step = &input->steps[i];
        if (wanted != ALL_TOOLS && step->is_ok)
            continue;
        struct cairn_slice text = wanted == ERRORS ? step->error : step->tool;
        if (text.bytes > 0)
            mentions[count++] = (struct mention){.text = text, .place = i};
    }
    return count;
}

static int find(const struct cairn_reflection_input *input, struct findings *findings)
{
    *findings = (struct findings){0};
    if (input->step_count == 0)
        return 0;
    struct mention *mentions = malloc(input->step_count * sizeof(*mentions));
    if (mentions == NULL)
        return -ENOMEM;

    struct cairn_slice text;
    uint32_t times;
    look_at_steps(input, findings);
    findings->tool_count = most_named(mentions, gather(input, ALL_TOOLS, mentions), &text, &times);
    most_named(mentions, gather(input, FAILED_TOOLS, mentions), &findings->failing_tool,
               &findings->failing_tool_count);
    most_named(mentions, gather(input, ERRORS, mentions), &findings->repeated_error,
               &findings->repeated_error_count);
    free(mentions);
    return 0;
}

/* The line to write next; NULL when the list is full. */
static struct cairn_buffer *next_line(struct cairn_reflection_list *list)
{
    return list->count == CAIRN_REFLECTION_LINES_MAX ? NULL : &list->lines[list->count++];
}

__attribute__((format(printf, 2, 3))) static void say(struct cairn_reflection_list *list,
                                                      const char *format, ...)
{
    char text[128];
    struct cairn_buffer *line = next_line(list);
    if (line == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (bytes > 0)
        cairn_buffer_append(line, text,
                            (size_t)bytes < sizeof(text) ? (size_t)bytes : sizeof(text) - 1);
}

/* Texts of users have any length and any bytes: they are joined, not formatted. */
static void say_of(struct cairn_reflection_list *list, const char *before,
                   struct cairn_slice subject, const char *after)
{
    struct cairn_buffer *line = next_line(list);
    if (line == NULL)
        return;
    cairn_buffer_append_text(line, before);
    cairn_buffer_append_slice(line, subject);
    cairn_buffer_append_text(line, after);
}

static const char *success_of(struct cairn_slice type)
{
    static const struct {
        const char *type;
        const char *line;
    } lines[] = {
        {"code_generation", "The code was written as asked."},
        {"debugging", "The fault was found and put right."},
        {"refactoring", "The code was reshaped and still does its work."},
        {"testing", "The tests were written and run."},
        {"analysis", "The question was answered by the analysis."},
        {"documentation", "The text was written as asked."},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (cairn_slice_is(type, lines[i].type))
            return lines[i].line;
    }
    return "The task was done.";
}

static uint32_t percent_of(uint32_t part, uint32_t whole)
{
    return (uint32_t)(UINT64_C(100) * part / whole);
}

static void say_good_tools(struct cairn_reflection_list *list,
                           const struct cairn_reflection_input *input)
{
    struct cairn_buffer *line = next_line(list);
    if (line == NULL)
        return;
    uint32_t told = 0;
    cairn_buffer_append_text(line, "These tools worked: ");
    for (uint32_t i = 0; i < input->step_count && told < 3; i++) {
        if (!input->steps[i].is_ok)
            continue;
        if (told++ > 0)
            cairn_buffer_append_text(line, " -> ");
        cairn_buffer_append_slice(line, input->steps[i].tool);
    }
    cairn_buffer_append_byte(line, '.');
}

static void tell_successes(struct cairn_reflection_list *list,
                           const struct cairn_reflection_input *input,
                           const struct findings *findings)
{
    if (input->outcome == CAIRN_OUTCOME_SUCCESS)
        say(list, "%s", success_of(input->type));
    else if (input->outcome == CAIRN_OUTCOME_PARTIAL)
        say(list, "A part of the task was done.");
    if (input->artifacts > 0)
        say(list, "The episode left %u artifact%s.", input->artifacts,
            input->artifacts == 1 ? "" : "s");
    if (input->step_count > 0 &&
        UINT64_C(5) * findings->ok_count >= UINT64_C(4) * input->step_count)
        say(list, "%u %% of the steps succeeded.",
            percent_of(findings->ok_count, input->step_count));
    if (findings->ok_count > 0)
        say_good_tools(list, input);
    if (input->duration_s > 0 && input->duration_s < 30)
        say(list, "It took under 30 s.");
}

static void tell_improvements(struct cairn_reflection_list *list,
                              const struct cairn_reflection_input *input,
                              const struct findings *findings)
{
    if (input->outcome == CAIRN_OUTCOME_FAILURE && input->reason.bytes > 0)
        say_of(list, "Deal with what made it fail: ", input->reason, "");
    if (input->outcome == CAIRN_OUTCOME_PARTIAL)
        say_of(list, "Finish what was left open", CAIRN_SLICE_EMPTY, ".");
    if (findings->failed_count > 0)
        say(list, "Look into the failed steps: %u of %u.", findings->failed_count,
            input->step_count);
    if (findings->failing_tool_count >= 2)
        say_of(list,
               "Check how this tool is used, it failed more than once: ", findings->failing_tool,
               "");
    if (input->duration_s > 300)
        say(list, "Find what takes the time: it took %.0f s.", input->duration_s);
    if (input->step_count > 50)
        say(list, "Look for a shorter way: it took %u steps.", input->step_count);
    if (findings->repeated_error_count >= 2)
        say_of(list, "Prevent the error that came back: ", findings->repeated_error, "");
}

static const char *complexity_name(enum cairn_complexity complexity)
{
    switch (complexity) {
    case CAIRN_COMPLEXITY_SIMPLE:
        return ", a simple task.";
    case CAIRN_COMPLEXITY_MODERATE:
        return ", a task of moderate complexity.";
    case CAIRN_COMPLEXITY_COMPLEX:
        return ", a complex task.";
    case CAIRN_COMPLEXITY_NOT_TOLD:
        break;
    }
    return ".";
}

static void tell_reliability(struct cairn_reflection_list *list, uint32_t ok_count, uint32_t count)
{
    if (count == 0)
        return;
    if (ok_count == count)
        say(list, "Every step succeeded: this way is reliable.");
    else if (UINT64_C(5) * ok_count >= UINT64_C(4) * count)
        say(list, "Most steps succeeded: this way is mostly reliable.");
    else if (UINT64_C(2) * ok_count < count)
        say(list, "Over half of the steps failed: look for another way.");
}

static void tell_insights(struct cairn_reflection_list *list,
                          const struct cairn_reflection_input *input,
                          const struct findings *findings)
{
    tell_reliability(list, findings->ok_count, input->step_count);
    if (findings->recovering_tool.bytes > 0)
        say_of(list, "After a failed step this tool helped: ", findings->recovering_tool, "");
    if (input->domain.bytes > 0)
        say_of(list, "Domain: ", input->domain, complexity_name(input->complexity));
    if (findings->tool_count > 5)
        say(list, "It took %u different tools.", findings->tool_count);
    if (findings->tool_count == 1 && input->step_count > 3)
        say_of(list, "One tool did all the steps: ", input->steps[0].tool, "");
    if (findings->latency_count > 0 && findings->latency_sum_ms / findings->latency_count > 5000)
        say(list, "Steps are slow: %llu ms each on average.",
            (unsigned long long)(findings->latency_sum_ms / findings->latency_count));
}

static bool has_failed(const struct cairn_reflection_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->lines[i].failed)
            return true;
    }
    return false;
}

int cairn_reflection_init(struct cairn_reflection *reflection,
                          const struct cairn_reflection_input *input)
{
    struct findings findings;
    struct cairn_reflection told = {0};
    int result = find(input, &findings);
    if (result < 0)
        return result;

    tell_successes(&told.successes, input, &findings);
    tell_improvements(&told.improvements, input, &findings);
    tell_insights(&told.insights, input, &findings);
    if (has_failed(&told.successes) || has_failed(&told.improvements) ||
        has_failed(&told.insights)) {
        cairn_reflection_deinit(&told);
        return -ENOMEM;
    }
    *reflection = told;
    return 0;
}

static void list_deinit(struct cairn_reflection_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        cairn_buffer_deinit(&list->lines[i]);
}

void cairn_reflection_deinit(struct cairn_reflection *reflection)
{
    list_deinit(&reflection->successes);
    list_deinit(&reflection->improvements);
    list_deinit(&reflection->insights);
    *reflection = (struct cairn_reflection){0};
}
