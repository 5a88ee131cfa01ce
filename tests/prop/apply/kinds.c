/* kinds.c - random walks through every kind's table, by commands at a base, pushed to its branch.
 *
 * Each step opens a record or tries any move of its kind's table with random values of the fields'
 * types. What the table allows must be done and lead where it says; what it doesn't must be refused and leave no
 * trace. A merge goes into what is open alone, and voices are as many as a walk from each record finds. In the end both tiers show the same states, the lists hold each record under its own kind
 * alone, and the tallies of both equal a recount. A failure prints its seed. */
#include "../../unit/apply/pair.h"
#include "../../common/sound.h"
#include <station/ask/matter.h>
#include <station/ask/verify.h>
#include <station/ask/voices.h>
#include <station/base/clock.h>
#include <station/sync/pack.h>

enum { RECORDS = 150, STEPS = 1800, WALKS = 3, VALUE_MAX = 80 };

static uint64_t seed, first_seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

/* What a record must be, told from the table and the moves done alone. */
struct model {
	const struct st_kind *kind;
	char number[ST_NUMBER_TEXT];
	uint32_t state, opened, moved, closed;
	const struct model *joins; /* it was merged into that */
	bool told;
	char entered[VALUE_MAX]; /* whom or what it enters, where a station does so once */
};
struct walk {
	struct station *base;
	struct model records[RECORDS];
	size_t count;
	size_t done[64], refused;
};

struct wish {
	struct st_command_field fields[ST_COMMAND_FIELDS_MAX];
	char values[ST_COMMAND_FIELDS_MAX][VALUE_MAX];
	size_t count;
	const struct model *about;
	const struct st_move_row *move;
};

static const struct model *some_record(const struct walk *w, uint32_t kind, const struct model *but)
{
	for (size_t tries = 0; w->count > 0 && tries < 200; tries++) {
		const struct model *m = &w->records[below((uint32_t)w->count)];
		if (m != but && (kind == 0 || m->kind->number == kind))
			return m;
	}
	return NULL;
}

static uint32_t today(const struct walk *w)
{
	return st_day_of_ms(w->base->world.now_ms);
}

/* A value of the field's type. False: there is none, a link to a record that isn't there yet. */
static bool value_of(const struct walk *w, const struct st_field_row *f, const struct wish *x, char *to)
{
	const struct model *m = x->about;
	char day[ST_DAY_TEXT];
	const struct model *other;
	size_t n = 0;
	uint32_t now, off;
	switch (f->type) {
	case ST_FIELD_TEXT:
	case ST_FIELD_LONG:
		(void)snprintf(to, VALUE_MAX, "%s%u", f->max > 60 ? "值 " : "", below(4));
		return true;
	case ST_FIELD_NUMBER:
		(void)snprintf(to, VALUE_MAX, "%llu",
			       (unsigned long long)(f->min + below((uint32_t)(f->max - f->min < 100000
										       ? f->max - f->min + 1
										       : 100000))));
		return true;
	case ST_FIELD_DAY:
		now = today(w);
		off = below(60);
		st_day_text(st_field_is_past(m->kind, x->move, m->state, f) ? now - off : now + off, day);
		(void)snprintf(to, VALUE_MAX, "%s", day);
		return true;
	case ST_FIELD_CHOICE:
		while (f->choices[n].name != NULL)
			n++;
		n = below((uint32_t)n);
		(void)snprintf(to, VALUE_MAX, "%s", below(2) ? f->choices[n].name : f->choices[n].zh);
		return true;
	case ST_FIELD_IDENTITY:
		(void)snprintf(to, VALUE_MAX, "11010519491231002X");
		return true;
	case ST_FIELD_STATION:
		(void)snprintf(to, VALUE_MAX, "410611%03u", 1 + below(900));
		return true;
	case ST_FIELD_TIME:
		(void)snprintf(to, VALUE_MAX, "%02u:%02u", below(24), below(60));
		return true;
	case ST_FIELD_HASH:
		(void)snprintf(to, VALUE_MAX, "%08x%056x", below(1u << 30), below(1u << 30));
		return true;
	case ST_FIELD_RECORD:
		other = some_record(w, (uint32_t)f->max, m);
		if (other != NULL)
			(void)snprintf(to, VALUE_MAX, "%s", other->number);
		return other != NULL;
	}
	return false;
}

/* Mostly one that may be voted on and isn't on the paper yet: by lot, hardly any vote would come about. */
static void nominate(const struct walk *w, const struct wish *x, char *to)
{
	size_t from = below((uint32_t)w->count);
	for (size_t i = 0; below(10) > 0 && i < w->count; i++) {
		const struct model *m = &w->records[(from + i) % w->count];
		const struct st_move_row *choose = st_kind_move_named(m->kind, "choose");
		bool free = choose != NULL && st_move_from(m->kind, choose, m->state);
		for (size_t n = 0; n < x->count; n++)
			free = free && strcmp(x->values[n], m->number) != 0;
		if (free) {
			(void)snprintf(to, VALUE_MAX, "%s", m->number);
			return;
		}
	}
}

static bool add(const struct walk *w, struct wish *x, const struct st_field_row *f, const struct model *m)
{
	if (x->count > ST_COMMAND_FIELDS_MAX - 6 || !value_of(w, f, x, x->values[x->count]))
		return false;
	if (f->id == m->kind->fewer.values)
		nominate(w, x, x->values[x->count]);
	x->fields[x->count] = (struct st_command_field){ st_span_text(f->name),
							 st_span_text(x->values[x->count]) };
	x->count++;
	return true;
}

static size_t given(const struct wish *x, const struct st_field_row *f)
{
	size_t n = 0;
	for (size_t i = 0; i < x->count; i++)
		n += st_span_equal(x->fields[i].name, st_span_text(f->name));
	return n;
}

/* What the values that were drawn ask for beside themselves. */
static bool add_whens(const struct walk *w, struct wish *x, const struct st_kind *k, const struct model *m)
{
	for (size_t i = 0; i < k->when_count; i++) {
		const struct st_when *when = &k->whens[i];
		const struct st_field_row *f = st_kind_field(k, when->field);
		const struct st_field_row *needs = st_kind_field(k, when->needs);
		const struct st_choice *c = st_choice_numbered(f->choices, when->value);
		bool asked = false;
		for (size_t n = 0; n < x->count; n++)
			asked |= st_span_equal(x->fields[n].name, st_span_text(f->name)) &&
				 (st_span_equal(x->fields[n].value, st_span_text(c->name)) ||
				  st_span_equal(x->fields[n].value, st_span_text(c->zh)));
		while (asked && given(x, needs) < when->least)
			if (!add(w, x, needs, m))
				return false;
	}
	return true;
}

/* The number becomes one, and there are two values or more of what must be more than it. */
static bool add_fewer(const struct walk *w, struct wish *x, const struct st_kind *k, const struct model *m)
{
	const struct st_field_row *f = st_kind_field(k, k->fewer.field), *values = st_kind_field(k, k->fewer.values);
	for (size_t n = 0; f != NULL && n < x->count; n++)
		if (st_span_equal(x->fields[n].name, st_span_text(f->name))) {
			(void)snprintf(x->values[n], VALUE_MAX, "1");
			x->fields[n].value = st_span_text(x->values[n]);
			while (given(x, values) < 2)
				if (!add(w, x, values, m))
					return false;
		}
	return true;
}

/* x->count: it isn't given. */
static size_t place_of(const struct wish *x, const struct st_kind *k, uint32_t field)
{
	const struct st_field_row *f = st_kind_field(k, field);
	size_t n = f == NULL ? x->count : 0;
	while (n < x->count && !st_span_equal(x->fields[n].name, st_span_text(f->name)))
		n++;
	return n;
}

/* Days and times are drawn in forms that stand in order as texts do: two the wrong way round change places. */
static void put_in_order(struct wish *x, const struct st_kind *k)
{
	for (size_t i = 0; i < k->order_count; i++) {
		size_t a = place_of(x, k, k->orders[i].earlier), b = place_of(x, k, k->orders[i].later);
		if (a == x->count || b == x->count || strcmp(x->values[a], x->values[b]) <= 0)
			continue;
		struct st_span later = x->fields[a].value;
		x->fields[a].value = x->fields[b].value;
		x->fields[b].value = later;
	}
}

/* All that the move needs, and a few fields more. */
static bool wish_for(const struct walk *w, const struct st_kind *k, const struct st_move_row *move,
		     const struct model *m, struct wish *x)
{
	x->count = 0;
	x->about = m;
	x->move = move;
	for (size_t n = 0; n < ST_NEEDS_MAX && move->needs[n] != 0; n++)
		if (!add(w, x, st_kind_field(k, move->needs[n]), m))
			return false;
	for (uint32_t more = below(6); more > 0 || x->count == 0; more -= more > 0) {
		const struct st_field_row *f = &k->fields[below((uint32_t)k->field_count)];
		bool many = (f->flags & ST_MANY) != 0;
		bool waits = move->clock == ST_CLOCK_WAIT || move->clock == ST_CLOCK_RESUME;
		if (waits && f->id == ST_F_DUE_DAY)
			continue; /* the clock itself says when it is due */
		if (st_field_is_given(k, move, f) && f->id != ST_F_SOURCE && f->id != ST_F_SOURCE_NUMBER &&
		    (many || given(x, f) == 0))
			(void)add(w, x, f, m);
	}
	put_in_order(x, k);
	return add_whens(w, x, k, m) && add_fewer(w, x, k, m);
}

static bool allowed(const struct walk *w, const struct model *m, const struct st_move_row *move)
{
	if (!st_move_from(m->kind, move, m->state) || move->who == ST_BY_PROGRAM)
		return false;
	uint32_t since = move->since == ST_SINCE_STATE ? m->moved : m->closed;
	return move->days == 0 || since == 0 || today(w) <= since + move->days;
}

static int run(struct walk *w, const struct st_kind *k, const struct st_move_row *move,
	       const struct wish *x, char number[ST_NUMBER_TEXT], uint32_t *ret_state)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_COMMAND;
	struct st_job_command *c = &job->u.command;
	c->command = (struct st_command){ .kind = k->number, .move = move->name,
					  .at_ms = w->base->world.now_ms, .fields = x->fields,
					  .field_count = x->count };
	if (number[0] != 0)
		c->record = st_span_text(number);
	int rc = station_run(w->base, job);
	if (rc == 0) {
		(void)snprintf(number, ST_NUMBER_TEXT, "%s", c->number);
		*ret_state = c->state;
	} else if (getenv("SAY") != NULL) {
		(void)fprintf(stderr, "%s %s: %s %s\n", k->name, move->name, st_error_name(rc), c->place);
	}
	free(job);
	return rc;
}

/* The record that a merge goes into; NULL: the move is none. */
static struct model *joined(struct walk *w, const struct st_kind *k, const struct st_move_row *move,
			    const struct wish *x)
{
	const struct st_field_row *f = st_merge_field(k, move);
	for (size_t i = 0; f != NULL && i < x->count; i++)
		for (size_t n = 0; n < w->count; n++)
			if (st_span_equal(x->fields[i].name, st_span_text(f->name)) &&
			    st_span_equal(x->fields[i].value, st_span_text(w->records[n].number)))
				return &w->records[n];
	return NULL;
}

/* What is refused of a merge that the table allows. */
static int join_refused(const struct model *other)
{
	if (st_state_merged(other->kind, other->state))
		return ST_EJOINED;
	return st_kind_state(other->kind, other->state)->class == ST_ENDED ? ST_EENDED : 0;
}

static const struct model *named(const struct walk *w, struct st_span number)
{
	for (size_t n = 0; n < w->count; n++)
		if (st_span_equal(number, st_span_text(w->records[n].number)))
			return &w->records[n];
	return NULL;
}

/* Whether a vote may be prepared on these: screened, not decided of, each once; and no vote of the walk has
 * declared a tie that it could follow. */
static bool nominated(const struct walk *w, const struct st_kind *k, const struct wish *x)
{
	const struct st_field_row *f = st_kind_field(k, k->fewer.values);
	for (size_t i = 0; f != NULL && i < x->count; i++) {
		if (st_span_equal(x->fields[i].name, st_span_text("follows")))
			return false;
		if (!st_span_equal(x->fields[i].name, st_span_text(f->name)))
			continue;
		const struct model *m = named(w, x->fields[i].value);
		if (!st_move_from(m->kind, st_kind_move_named(m->kind, "choose"), m->state))
			return false;
		for (size_t n = 0; n < i; n++)
			if (st_span_equal(x->fields[n].name, st_span_text(f->name)) &&
			    st_span_equal(x->fields[n].value, x->fields[i].value))
				return false;
	}
	return true;
}

static void take_entered(struct model *m, const struct wish *x)
{
	const struct st_field_row *f = st_kind_field(m->kind, m->kind->entered);
	for (size_t i = 0; f != NULL && i < x->count; i++)
		if (st_span_equal(x->fields[i].name, st_span_text(f->name)))
			(void)snprintf(m->entered, sizeof(m->entered), "%.*s", (int)x->fields[i].value.size,
				       (const char *)x->fields[i].value.data);
}

/* Whether another record that is open enters the same. */
static bool has_twin(const struct walk *w, const struct model *m)
{
	bool twin = false;
	for (size_t n = 0; m->entered[0] != 0 && n < w->count; n++) {
		const struct model *o = &w->records[n];
		twin |= o != m && o->kind == m->kind && o->closed == 0 && strcmp(o->entered, m->entered) == 0;
	}
	return twin;
}

static void did(struct walk *w, struct model *m, const struct st_move_row *move)
{
	bool was_ended = m->closed != 0;
	if (move->to != 0 && move->to != m->state) {
		m->state = move->to;
		m->moved = today(w);
	}
	bool ended = st_kind_state(m->kind, m->state)->class == ST_ENDED;
	m->closed = !ended ? 0 : was_ended ? m->closed : today(w);
	w->done[m->kind->number]++;
}

static void open_as(struct walk *w, const struct st_kind *k, const struct st_move_row *move)
{
	struct model *m = &w->records[w->count];
	struct wish x;
	uint32_t state = 0;
	if (w->count == RECORDS)
		return;
	*m = (struct model){ .kind = k };
	if (move->hands != ST_HANDS_STAY || !wish_for(w, k, move, m, &x))
		return;
	take_entered(m, &x);
	int rc = run(w, k, move, &x, m->number, &state);
	if (rc != (has_twin(w, m) ? ST_EENTERED : nominated(w, k, &x) ? 0 : ST_ERULE))
		fail_msg("seed %llu: %s %s: %s", (unsigned long long)first_seed, k->name, move->name,
			 st_error_name(rc));
	if (rc != 0) {
		w->refused++;
		return;
	}
	m->opened = today(w);
	did(w, m, move);
	assert_int_equal(state, m->state);
	w->count++;
}

static void open_one(struct walk *w)
{
	const struct st_kind *k = st_kind_at(below((uint32_t)st_kind_count()));
	const struct st_move_row *move = &k->moves[below((uint32_t)k->move_count)];
	while (!st_move_opens(move))
		move = &k->moves[below((uint32_t)k->move_count)];
	open_as(w, k, move);
}

static void move_as(struct walk *w, struct model *m, const struct st_move_row *move)
{
	struct wish x;
	uint32_t state = 0;
	if (move->hands != ST_HANDS_STAY || !wish_for(w, m->kind, move, m, &x))
		return; /* who has it when is tests/unit/apply/carry.c's to walk */
	bool late = false, due = move->clock == ST_CLOCK_EXTEND, day = false;
	for (size_t i = 0; i < x.count; i++) {
		late |= move->due_most != 0 && today(w) + 60 > m->opened + move->due_most;
		due |= st_span_equal(x.fields[i].name, st_span_text("due"));
		day |= st_span_equal(x.fields[i].name, st_span_text("occurrence"));
	}
	int rc = run(w, m->kind, move, &x, m->number, &state);
	if (late && rc == ST_EFIELD)
		return; /* the day drawn may lie beyond what the table allows */
	struct model *other = joined(w, m->kind, move, &x);
	bool enters = m->closed != 0 && move->to != 0 && st_kind_state(m->kind, move->to)->class == ST_OPEN;
	int want = !allowed(w, m, move) ? ST_EMOVE
		   : enters && has_twin(w, m) ? ST_EENTERED
		   : other == NULL ? 0 : join_refused(other);
	if (rc == ST_EFIELD && want == 0 && due) {
		w->refused++; /* what the day drawn may be and needs is tests/unit/work/clocks.c's to say */
		return;
	}
	if (rc == ST_ERULE && want == 0 && (m->kind->rule_count > 0 || day)) {
		w->refused++; /* what rules allow is tests/unit/apply/rules.c's to say; which days a plan has, work/occurrence.c's */
		return;
	}
	if (rc != want)
		fail_msg("seed %llu: %s %s from %s: %s, not %s", (unsigned long long)first_seed, m->kind->name,
			 move->name, st_kind_state(m->kind, m->state)->name, st_error_name(rc),
			 want == 0 ? "done" : st_error_name(want));
	if (rc == 0) {
		did(w, m, move);
		assert_int_equal(state, m->state);
		m->joins = other != NULL ? other : m->joins;
		m->told |= strcmp(move->name, "tell") == 0;
	} else {
		w->refused++;
	}
}

static void move_one(struct walk *w)
{
	struct model *m = &w->records[below((uint32_t)w->count)];
	move_as(w, m, &m->kind->moves[below((uint32_t)m->kind->move_count)]);
}

/* By lot alone, so many candidates hardly ever stand at once. */
static void gather(struct walk *w)
{
	const struct st_kind *k = st_kind_named("project"), *vote = st_kind_named("vote");
	for (size_t i = 0; i < 4; i++) {
		open_as(w, k, st_kind_move_named(k, "propose"));
		move_as(w, &w->records[w->count - 1], st_kind_move_named(k, "screen"));
	}
	for (size_t i = 0; i < 20; i++)
		open_as(w, vote, st_kind_move_named(vote, i % 4 == 0 ? "again" : "prepare"));
}

/* ---- both tiers ---- */

struct packing {
	uint64_t from;
	struct st_packer *packer;
	struct st_packed packed;
};

static int pack(struct st_txn *t, void *arg)
{
	struct packing *p = arg;
	struct st_self self;
	struct st_log log;
	assert_int_equal(st_self_load(t, &self), 0);
	assert_int_equal(st_log_get(t, self.log, &log), 0);
	return st_push_pack(p->packer, t, &log, p->from, &p->packed);
}

static int size_of(struct st_txn *t, void *arg)
{
	struct st_self self;
	struct st_log log;
	assert_int_equal(st_self_load(t, &self), 0);
	assert_int_equal(st_log_get(t, self.log, &log), 0);
	*(uint64_t *)arg = log.tree.size;
	return 0;
}

static int number_of(struct st_txn *t, void *arg)
{
	struct st_code code = code_of("410611003");
	return st_station_number(t, &code, arg);
}

static void push_all(struct station *from, struct station *to)
{
	uint64_t size = 0, sent = 0;
	struct packing p = { .from = 0 };
	assert_int_equal(st_packer_new(&p.packer), 0);
	assert_int_equal(st_store_read(from->store, size_of, &size), 0);
	while (sent < size) {
		struct st_assembly a;
		struct st_inbound *in = NULL;
		struct st_job *job = calloc(1, sizeof(*job));
		p.from = sent;
		assert_int_equal(st_store_read(from->store, pack, &p), 0);
		st_assembly_init(&a);
		for (size_t n = 0; n < st_packed_chunks(&p.packed); n++) {
			struct st_chunk c = st_packed_chunk(&p.packed, 1, n);
			assert_int_equal(st_assembly_add(&a, &c, &in), 0);
		}
		job->kind = ST_JOB_PUSH;
		job->u.push.push = in->push;
		assert_int_equal(st_store_read(to->store, number_of, &job->u.push.child), 0);
		assert_int_equal(station_run(to, job), 0);
		sent = in->push.checkpoint.size;
		st_assembly_done(&a);
		st_inbound_free(in);
		free(job);
	}
	st_packer_free(p.packer);
}

/* Voices by walking every merged record to its end, one at a time. */
static void voices(struct st_txn *t, const struct walk *w, const struct st_kind *k)
{
	struct st_voices v;
	struct st_voiced top[RECORDS];
	uint64_t want = 0, got = 0;
	assert_int_equal(st_voices_read(t, k->number, &v), 0);
	for (size_t i = 0; i < w->count; i++) {
		const struct model *m = &w->records[i];
		struct st_record_ref ref;
		uint64_t count = 1, untold = 0;
		for (size_t n = 0; n < w->count; n++) {
			const struct model *end = &w->records[n];
			while (end->joins != NULL)
				end = end->joins;
			count += end == m && n != i;
			untold += end == m && n != i && !w->records[n].told;
		}
		if (m->kind != k || m->joins != NULL)
			continue;
		struct st_voices under;
		struct st_record r;
		assert_int_equal(st_record_resolve(t, st_span_text(m->number), &ref), 0);
		assert_int_equal(st_record_load(t, &ref, &r), 0);
		assert_int_equal(st_voices_under(t, &r, &under), 0);
		assert_int_equal(under.count, count - 1);
		assert_int_equal(st_voices_of(&under, &ref).untold, untold);
		st_voices_done(&under);
		struct st_voiced one = st_voices_of(&v, &ref);
		assert_int_equal(one.voices, count);
		assert_int_equal(one.untold, untold);
		want += count > 1 ? count : 0;
	}
	size_t n = st_voices_top(&v, RECORDS, top);
	for (size_t i = 0; i < n; i++) {
		assert_true(i == 0 || top[i].voices <= top[i - 1].voices);
		got += top[i].voices;
	}
	assert_int_equal(got, want);
	st_voices_done(&v);
}

struct looking {
	const struct walk *w;
	struct st_list_query q;
	size_t listed;
};

static int take_row(const struct st_list_row *row, void *arg)
{
	struct looking *l = arg;
	assert_int_equal(row->record.kind, l->q.kind);
	l->listed++;
	return 0;
}

struct finding {
	const struct st_record *r;
	size_t found;
};

static int find_record(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	struct finding *f = arg;
	(void)value;
	if (ref->opener != f->r->ref.opener ||
	    memcmp(ref->ulid.bytes, f->r->ref.ulid.bytes, ST_ULID_SIZE) != 0)
		return 0;
	assert_int_equal(day, f->r->opened_day);
	f->found++;
	return 0;
}

static int count_place(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	(void)ref;
	assert_true(value != 0 && day != 0);
	++*(size_t *)arg;
	return 0;
}

/* A record is found by each of its facets, once; the number of places that it should have. */
static size_t found_by_facets(struct st_txn *t, const struct st_record *r)
{
	size_t places = 0;
	for (size_t i = 0; i < r->facet_count; i++) {
		struct finding f = { .r = r };
		struct st_facet_query q = { .kind = r->kind, .field = r->facets[i].field,
					    .value = r->facets[i].value, .from_day = r->opened_day,
					    .to_day = r->opened_day };
		if ((st_kind_field(st_kind(r->kind), q.field)->flags & ST_INDEXED) == 0)
			continue;
		assert_int_equal(st_facet_each(t, &q, find_record, &f), 0);
		assert_int_equal(f.found, 1);
		places++;
	}
	return places;
}

static size_t all_places(struct st_txn *t)
{
	size_t places = 0;
	for (size_t i = 0; i < st_kind_count(); i++)
		for (size_t n = 0; n < st_kind_at(i)->field_count; n++) {
			const struct st_field_row *row = &st_kind_at(i)->fields[n];
			struct st_facet_query q = { .kind = st_kind_at(i)->number, .field = row->id };
			if ((row->flags & ST_INDEXED) != 0)
				assert_int_equal(st_facet_each(t, &q, count_place, &places), 0);
		}
	return places;
}

/* Each record is what the model says, and is in its own kind's lists and no other's. */
static int look(struct st_txn *t, void *arg)
{
	struct looking *l = arg;
	size_t of_kind[ST_KINDS_MAX] = { 0 }, places = 0;
	for (size_t i = 0; i < l->w->count; i++) {
		const struct model *m = &l->w->records[i];
		struct st_record_ref ref;
		struct st_record r;
		assert_int_equal(st_record_resolve(t, st_span_text(m->number), &ref), 0);
		assert_int_equal(st_record_load(t, &ref, &r), 0);
		assert_int_equal(r.kind, m->kind->number);
		assert_int_equal(r.state, m->state);
		assert_int_equal(r.opened_day, m->opened);
		assert_int_equal(r.closed_day, m->closed);
		assert_int_equal(r.set_aside + r.waiting, 0);
		of_kind[r.kind]++;
		places += found_by_facets(t, &r);
	}
	assert_true(places > 0);
	assert_int_equal(all_places(t), places);
	for (size_t i = 0; i < st_kind_count(); i++) {
		struct st_buf next;
		uint32_t base = 0;
		voices(t, l->w, st_kind_at(i));
		size_t pages = 0;
		assert_int_equal(number_of(t, &base), 0);
		for (int by_holder = 0; by_holder < 2; by_holder++) {
			l->q = (struct st_list_query){ .kind = st_kind_at(i)->number, .limit = 1 + below(5),
						       .holder = by_holder ? base : 0 };
			l->listed = 0;
			st_buf_init(&next, 256);
			do {
				char token[256];
				(void)snprintf(token, sizeof(token), "%.*s", (int)next.size,
					       next.data == NULL ? "" : (const char *)next.data);
				l->q.from = st_span_text(token);
				st_buf_clear(&next);
				assert_int_equal(st_list_each(t, &l->q, take_row, l, &next), 0);
				assert_true(pages++ < 2 * RECORDS + 4);
			} while (next.size > 0);
			st_buf_done(&next);
			assert_int_equal(l->listed, of_kind[st_kind_at(i)->number]);
		}
	}
	return 0;
}

static void sound(struct station *s, const struct walk *w)
{
	struct looking l = { .w = w };
	struct st_recount r;
	char why[WHY_UNSOUND];
	assert_int_equal(st_store_read(s->store, look, &l), 0);
	assert_int_equal(st_recount_run(s->store, NULL, NULL, &r), 0);
	assert_int_equal(store_sound(s->store, why), 0);
	if (why[0] != 0)
		fail_msg("seed %llu: %s", (unsigned long long)first_seed, why);
	assert_int_equal(r.records, w->count);
}

static int as_older(struct st_txn *t, void *arg)
{
	uint8_t format[4];
	(void)arg;
	st_put_u32(format, ST_STORE_FORMAT_LEAST);
	return st_meta_put(t, ST_META_FORMAT, ST_SPAN(format));
}

/* The same records, lists and tallies come of the events alone, whoever ends in the midst of it. */
static void folded_anew(struct station *s, const struct walk *w, bool older)
{
	uint64_t events = 0, step = 0;
	bool done = false;
	if (older)
		assert_int_equal(st_store_write(s->store, as_older, NULL), 0);
	else
		assert_int_equal(st_rebuild_ask(s->store), 0);
	do {
		station_close(s);
		station_open(s);
		assert_int_equal(st_rebuild_asked(s->store), 1);
		assert_int_equal(st_rebuild_step(s->apply, &done, &step), 0);
		events += step;
	} while (!done);
	assert_int_equal(st_rebuild_asked(s->store), 0);
	assert_true(events > 0);
	sound(s, w);
}

static void test_walks(void **state)
{
	(void)state;
	const char *given_seed = getenv("SEED");
	for (unsigned n = 0; n < (given_seed != NULL ? 1 : WALKS); n++) {
		struct station parent, base, main_station;
		struct st_signing_key root;
		struct walk *w = calloc(1, sizeof(*w));
		first_seed = seed = given_seed != NULL ? strtoull(given_seed, NULL, 10) : 1000 + n;
		station_new(&main_station, 1);
		station_new(&parent, 2);
		station_new(&base, 3);
		station_found(&main_station, "410600", &root);
		station_join(&main_station, &parent, "410611", ST_BRANCH, &root.public);
		station_join(&parent, &base, "410611003", ST_BASE, &root.public);
		w->base = &base;
		gather(w);
		for (unsigned step = 0; step < STEPS; step++) {
			base.world.now_ms += below(4) == 0 ? below(9) * 86400000LL : 1000;
			if (w->count == 0 || below(6) == 0)
				open_one(w);
			else
				move_one(w);
		}
		for (size_t i = 0; i < st_kind_count(); i++) /* what is handed on as it opens isn't walked here */
			assert_true(w->done[st_kind_at(i)->number] > 0 ||
				    st_kind_at(i)->moves[0].hands != ST_HANDS_STAY);
		assert_true(w->refused > 0);
		size_t merged = 0;
		for (size_t i = 0; i < w->count; i++)
			merged += w->records[i].joins != NULL;
		assert_true(merged > 0);
		push_all(&base, &parent);
		sound(&base, w);
		sound(&parent, w);
		folded_anew(&base, w, n % 2 == 0);
		folded_anew(&parent, w, n % 2 == 1);
		station_gone(&main_station);
		station_gone(&parent);
		station_gone(&base);
		free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_walks) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
