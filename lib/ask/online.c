/* online.c - how a matter that came online stands, in the words and within the bounds of who may
 * ask by code.
 *
 * Owns:    what of a record is told to whoever has its code.
 * Promise: 7: of texts only the answer, and why it was refused; of people nothing.
 * Flow:    code -> record, life -> status -> online, hooks */
#include <station/ask/online.h>
#include <string.h>
#include <station/ask/matter.h>
#include <station/base/check.h>

enum { TEXT_MAX = ST_PART_MAX, MERGES_MAX = 4 };

/* In the order of the matter's states, which are numbered from 1. */
static const struct {
	const char *state, *zh, *en;
} words[] = {
	{ "registered", "已收到, 等待受理", "received; waiting to be taken on" },
	{ "accepted", "已受理, 正在办理", "taken on; being handled" },
	{ "assigned", "已交承办单位办理", "with the unit that handles it" },
	{ "answered", "已有答复", "answered" },
	{ "echoed", "已有答复, 并已向您反馈", "answered, and you have been told" },
	{ "closed", "已办结", "closed" },
	{ "refused", "不予受理, 请看理由和另行途径", "not taken on: see the reason, and where to go instead" },
	{ "merged", "与同一事项合并办理", "handled together with another matter about the same thing" },
	{ "withdrawn", "已撤回", "withdrawn" },
	{ "reopened", "重新办理", "taken up again" },
};

static void say_state(struct st_online_status *s)
{
	s->zh = "办理中";
	s->en = "being handled";
	for (size_t i = 0; s->state != NULL && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].state, s->state->name) == 0) {
			s->zh = words[i].zh;
			s->en = words[i].en;
		}
	st_assert(s->zh != NULL && s->en != NULL);
}

static bool put_text(struct st_buf *to, const struct st_life_event *e, uint32_t id)
{
	const struct st_field *f = st_field_find(e->texts, e->text_count, id);
	st_buf_clear(to);
	if (f != NULL && !f->is_number)
		st_buf_put_span(to, f->text);
	return f != NULL;
}

static int take_answer(struct st_online_status *s, const struct st_life_event *e)
{
	s->answered_ms = e->at_ms;
	s->has_answer = true;
	s->text_missing = !put_text(&s->answer, e, ST_F_REPLY);
	return s->answer.error;
}

static int take_refusal(struct st_online_status *s, const struct st_life_event *e)
{
	const struct st_field_row *elsewhere =
		st_kind_field_named(st_kind(ST_KIND_MATTER), st_span_text("elsewhere"));
	st_assert(elsewhere != NULL);
	s->has_reason = true;
	s->text_missing = !put_text(&s->reason, e, ST_F_REASON);
	if (!put_text(&s->elsewhere, e, elsewhere->id))
		s->text_missing = true;
	return s->reason.error < 0 ? s->reason.error : s->elsewhere.error;
}

/* What a later step has made void: an answer that is worked on anew is none. */
static void take_back(struct st_online_status *s)
{
	s->answered_ms = s->ended_ms = 0;
	s->has_answer = s->text_missing = false;
	st_buf_clear(&s->answer);
}

static void take_joins(struct st_online_status *s, const struct st_life_event *e)
{
	const struct st_field_row *row =
		st_kind_field_named(st_kind(ST_KIND_MATTER), st_span_text("joins"));
	st_assert(row != NULL);
	const struct st_field *f = st_field_find(e->facts, e->fact_count, row->id);
	s->joins[0] = 0;
	if (f == NULL || f->is_number || f->text.size > ST_RECORD_NAME_MAX)
		return;
	memcpy(s->joins, f->text.data, f->text.size);
	s->joins[f->text.size] = 0;
}

static int take_event(const struct st_life_event *e, void *arg)
{
	struct st_online_status *s = arg;
	const struct st_kind *k = st_kind(ST_KIND_MATTER);
	if (e->stray != 0 || e->move == NULL || e->move->to == 0)
		return 0; /* a note, or a step that leaves the state as it was */
	const struct st_state_row *state = st_kind_state(k, e->move->to);
	const char *name = state == NULL ? "" : state->name;
	if (strcmp(name, "answered") == 0)
		return take_answer(s, e);
	if (strcmp(name, "refused") == 0)
		(void)take_refusal(s, e);
	if (strcmp(name, "merged") == 0)
		take_joins(s, e);
	if (state != NULL && state->class == ST_ENDED)
		s->ended_ms = e->at_ms;
	bool accepted = strcmp(name, "accepted") == 0;
	if (accepted && s->accepted_ms == 0)
		s->accepted_ms = e->at_ms;
	if (accepted || strcmp(name, "reopened") == 0)
		take_back(s);
	return s->reason.error < 0 ? s->reason.error : s->elsewhere.error;
}

/* Of the matter that another one was merged into, only the answer, and what it was merged into in
 * turn. */
static int take_joined(const struct st_life_event *e, void *arg)
{
	struct st_online_status *s = arg;
	int64_t accepted_ms = s->accepted_ms, ended_ms = s->ended_ms;
	const struct st_state_row *state =
		e->move == NULL ? NULL : st_kind_state(st_kind(ST_KIND_MATTER), e->move->to);
	if (state != NULL && strcmp(state->name, "refused") == 0)
		return 0;
	int rc = take_event(e, s);
	s->accepted_ms = accepted_ms;
	s->ended_ms = ended_ms;
	return rc;
}

/* Merged matters are handled once, and each reporter hears the result. */
static int follow(struct st_txn *t, struct st_online_status *s)
{
	struct st_record_ref ref;
	struct st_record r;
	for (unsigned i = 0; i < MERGES_MAX && s->joins[0] != 0; i++) {
		int rc = st_record_resolve(t, st_span_text(s->joins), &ref);
		if (rc == 0)
			rc = st_record_load(t, &ref, &r);
		if (rc < 0)
			return rc == ST_ENOTFOUND || rc == ST_EFIELD ? 0 : rc; /* not here */
		s->joins[0] = 0;
		rc = st_life_each(t, &r, NULL, take_joined, s);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void init(struct st_online_status *s)
{
	memset(s, 0, sizeof(*s));
	st_buf_init(&s->answer, TEXT_MAX);
	st_buf_init(&s->reason, TEXT_MAX);
	st_buf_init(&s->elsewhere, TEXT_MAX);
}

/* A station that the roll hasn't told of yet is shown by its code. */
static int holder_of(struct st_txn *t, struct st_online_status *s)
{
	int rc = st_station_get(t, s->record.holder, &s->station);
	if (rc != ST_ENOTFOUND)
		return rc;
	memset(&s->station, 0, sizeof(s->station));
	return st_station_code(t, s->record.holder, &s->station.certificate.code);
}

static int fill(struct st_txn *t, const struct st_record_ref *ref, struct st_online_status *s)
{
	st_assert(ref->opener > 0);
	int rc = st_online_get(t, ref, &s->online);
	if (rc == 0)
		rc = st_record_load(t, ref, &s->record);
	if (rc == 0)
		rc = holder_of(t, s);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc; /* a code's matter is always here */
	s->state = st_kind_state(st_kind(ST_KIND_MATTER), s->record.state);
	say_state(s);
	rc = st_life_each(t, &s->record, NULL, take_event, s);
	return rc < 0 ? rc : follow(t, s);
}

int st_online_status_code(struct st_txn *t, struct st_span code, struct st_online_status *ret)
{
	struct st_record_ref ref;
	ST_REQUIRE(ret != NULL);
	init(ret);
	int rc = st_online_resolve(t, code, &ref);
	return rc < 0 ? rc : fill(t, &ref, ret);
}

int st_online_status_ref(struct st_txn *t, const struct st_record_ref *ref,
			 struct st_online_status *ret)
{
	ST_REQUIRE(ret != NULL);
	ST_REQUIRE(ref->opener > 0);
	init(ret);
	return fill(t, ref, ret);
}

void st_online_status_done(struct st_online_status *s)
{
	st_buf_done(&s->answer);
	st_buf_done(&s->reason);
	st_buf_done(&s->elsewhere);
}
