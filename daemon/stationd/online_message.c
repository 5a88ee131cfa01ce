/* online_message.c - what a message must be, member by member.
 *
 * Owns:    the table of members, and the words for each thing that can be wrong with one.
 * Promise: 8: a refusal names the member and the cure in both languages; nothing is half taken.
 * Flow:    body -> message -> job */
#include "online_message.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include "api.h" /* api_shortages */

enum { PLACE_PART_MAX = 78, PLACE_PARTS = 3 };
_Static_assert(PLACE_PARTS * PLACE_PART_MAX <= 240, "together they fit the matter's place");

enum wrong {
	W_JSON,
	W_MISSING,
	W_TYPE,
	W_EMPTY,
	W_LONG,
	W_CHARACTERS,
	W_UNKNOWN,
	W_MOBILE,
	W_NOTICE,
	W_CODE,
	W_NOWHERE
};
static const char *const wrongs[][3] = {
	[W_JSON] = { "EWIRE", "正文应为一个 JSON 对象, UTF-8",
		     "the body must be one JSON object in UTF-8" },
	[W_MISSING] = { "EFIELD", "缺少此项", "this member is missing" },
	[W_TYPE] = { "EFIELD", "此项的类型不对", "this member is of the wrong type" },
	[W_EMPTY] = { "EFIELD", "此项不能为空", "this member must not be empty" },
	[W_LONG] = { "ETOOBIG", "此项太长", "this member is too long" },
	[W_CHARACTERS] = { "EFIELD", "此项含有不允许的字符",
			   "this member has characters that aren't allowed" },
	[W_UNKNOWN] = { "EFIELD", "不认识的项", "there is no such member" },
	[W_MOBILE] = { "EFIELD", "手机号应为 11 位大陆号码",
		       "the mobile must be a mainland number of 11 digits" },
	[W_NOTICE] = { "EFIELD", "须先同意告知书 (true)",
		       "the notice must have been accepted (true)" },
	[W_CODE] = { "EFIELD", "区划代码应为 6, 9 或 12 位数字, 或联络站代码",
		     "the code must be a division's of 6, 9 or 12 digits, or a station's" },
	[W_NOWHERE] = { "EFIELD", "地点至少要有代码, 县区或乡镇街道",
			"the place needs a code, a county or a town" },
};

/* Members that become fields of the matter. In place: those of the object `place`. */
static const struct member {
	const char *name, *field; /* field NULL: it is read by itself */
	size_t most;              /* bytes */
	bool needed, lines, in_place;
} members[] = {
	{ "name", "reporter_name", 120, true, false, false },
	{ "mobile", "reporter_phone", 11, true, false, false },
	{ "title", "title", 300, true, false, false },
	{ "text", "text", 12000, true, true, false },
	{ "category", "category", 120, false, false, false },
	{ "request_id", NULL, 120, true, false, false },
	{ "notice_accepted", NULL, 0, false, false, false },
	{ "place", NULL, 0, false, false, false },
	{ "code", NULL, 12, false, false, true },
	{ "county", NULL, PLACE_PART_MAX, false, false, true },
	{ "town", NULL, PLACE_PART_MAX, false, false, true },
	{ "village", NULL, PLACE_PART_MAX, false, false, true },
	{ "detail", "remark", 600, false, true, true },
};
enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

static int refuse(struct message_wrong *w, enum wrong what, bool in_place, const char *name)
{
	w->error = wrongs[what][0];
	w->words[0] = wrongs[what][1];
	w->words[1] = wrongs[what][2];
	/* A name that nobody knows is shown only as far as it is a text that can be shown. */
	(void)snprintf(w->place, sizeof(w->place), "%s%s", in_place ? "place." : "",
		       strlen(name) < 48 ? name : "...");
	return ST_EFIELD;
}

const char *message_member(const char *field)
{
	if (strcmp(field, "source_number") == 0)
		return "request_id";
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].field != NULL && strcmp(members[i].field, field) == 0)
			return members[i].in_place ? "place.detail" : members[i].name;
	return field;
}

static int check_known(const json_t *object, bool in_place, struct message_wrong *w)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		bool known = false;
		for (size_t i = 0; i < MEMBERS; i++)
			known |= members[i].in_place == in_place &&
				 strcmp(members[i].name, name) == 0;
		if (!known)
			return refuse(w, W_UNKNOWN, in_place, name);
	}
	return 0;
}

/* Nothing but spaces, of either width. */
static bool is_blank(struct st_span s)
{
	for (size_t i = 0; i < s.size;) {
		if (s.data[i] == ' ' || s.data[i] == '\n' || s.data[i] == '\t')
			i++;
		else if (s.size - i >= 3 && memcmp(s.data + i, "\xe3\x80\x80", 3) == 0)
			i += 3;
		else
			return false;
	}
	return true;
}

/* A text member; empty when it is absent. */
static int read_text(const json_t *object, const struct member *m, struct st_span *to,
		     struct message_wrong *w)
{
	const json_t *value = json_object_get(object, m->name);
	*to = ST_SPAN_NONE;
	if (value == NULL || json_is_null(value))
		return m->needed ? refuse(w, W_MISSING, m->in_place, m->name) : 0;
	if (!json_is_string(value))
		return refuse(w, W_TYPE, m->in_place, m->name);
	struct st_span text = st_span(json_string_value(value), json_string_length(value));
	if (is_blank(text))
		return m->needed ? refuse(w, W_EMPTY, m->in_place, m->name) : 0;
	int rc = st_text_check(text, m->most, m->lines);
	if (rc < 0)
		return refuse(w, rc == ST_ETOOBIG ? W_LONG : W_CHARACTERS, m->in_place, m->name);
	*to = text;
	return 0;
}

static void add_field(struct message *m, const char *name, struct st_span value)
{
	ST_REQUIRE(m->field_count < ST_ONLINE_FIELDS_MAX);
	if (value.size > 0)
		m->fields[m->field_count++] =
			(struct st_command_field){ st_span_text(name), value };
}

static const struct member *member_named(const char *name, bool in_place)
{
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].in_place == in_place && strcmp(members[i].name, name) == 0)
			return &members[i];
	ST_REQUIRE(false); /* the table has it */
	return NULL;
}

static bool is_mobile(struct st_span s)
{
	for (size_t i = 0; i < s.size; i++)
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
	return s.size == 11 && s.data[0] == '1' && s.data[1] >= '3';
}

static bool is_division(struct st_span s)
{
	struct st_code code;
	if (s.size != 12)
		return st_code_parse(s, &code) == 0;
	for (size_t i = 0; i < s.size; i++)
		if (s.data[i] < '0' || s.data[i] > '9')
			return st_code_parse(s, &code) == 0; /* 410611003-01 */
	return true;
}

/* The code, else the names, is a fact that every tier reads; the detail may say where somebody
 * lives, so it stands with the texts, which can be erased. */
static int read_place(struct message *m, struct message_wrong *w)
{
	const json_t *place = json_object_get(m->object, "place");
	struct st_span village, detail;
	if (place == NULL)
		return refuse(w, W_MISSING, false, "place");
	if (!json_is_object(place))
		return refuse(w, W_TYPE, false, "place");
	int rc = check_known(place, true, w);
	if (rc == 0)
		rc = read_text(place, member_named("code", true), &m->spot.code, w);
	if (rc == 0 && m->spot.code.size > 0 && !is_division(m->spot.code))
		rc = refuse(w, W_CODE, true, "code");
	if (rc == 0)
		rc = read_text(place, member_named("county", true), &m->spot.county, w);
	if (rc == 0)
		rc = read_text(place, member_named("town", true), &m->spot.town, w);
	if (rc == 0)
		rc = read_text(place, member_named("village", true), &village, w);
	if (rc == 0)
		rc = read_text(place, member_named("detail", true), &detail, w);
	if (rc == 0 && m->spot.code.size + m->spot.county.size + m->spot.town.size == 0)
		rc = refuse(w, W_NOWHERE, false, "place");
	if (rc < 0)
		return rc;
	st_buf_put_span(&m->place, m->spot.county);
	st_buf_put_span(&m->place, m->spot.town);
	st_buf_put_span(&m->place, village);
	if (m->place.size == 0)
		st_buf_put_span(&m->place, m->spot.code);
	add_field(m, "place", st_buf_span(&m->place));
	add_field(m, "remark", detail);
	if (m->place.error == ST_ENOMEM)
		return ST_ENOMEM;
	return m->place.error < 0 ? refuse(w, W_LONG, false, "place") : 0;
}

static int read_members(struct message *m, struct message_wrong *w)
{
	int rc = check_known(m->object, false, w);
	for (size_t i = 0; rc == 0 && i < MEMBERS; i++) {
		struct st_span text;
		if (members[i].in_place || (members[i].field == NULL && !members[i].needed))
			continue;
		rc = read_text(m->object, &members[i], &text, w);
		if (rc == 0 && strcmp(members[i].name, "mobile") == 0 && !is_mobile(text))
			rc = refuse(w, W_MOBILE, false, "mobile");
		if (rc == 0 && members[i].field != NULL)
			add_field(m, members[i].field, text);
		else if (rc == 0)
			m->request = text;
	}
	if (rc == 0 && !json_is_true(json_object_get(m->object, "notice_accepted")))
		rc = refuse(w, W_NOTICE, false, "notice_accepted");
	return rc < 0 ? rc : read_place(m, w);
}

int message_read(struct message *m, struct st_span body, struct message_wrong *reterr_wrong)
{
	memset(m, 0, sizeof(*m));
	st_buf_init(&m->place, PLACE_PARTS * PLACE_PART_MAX);
	unsigned before = api_shortages();
	m->object = json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, NULL);
	if (api_shortages() != before)
		return ST_ENOMEM; /* not the message's fault: told so, its sender would drop it */
	if (!json_is_object(m->object))
		return refuse(reterr_wrong, W_JSON, false, "");
	return read_members(m, reterr_wrong);
}

void message_done(struct message *m)
{
	json_decref(m->object);
	st_buf_done(&m->place);
	memset(m, 0, sizeof(*m));
}
