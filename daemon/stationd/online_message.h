/* online_message.h - a message of the city's platform: JSON in, a matter's fields out, or what is
 * wrong with it. */
#pragma once
#include <jansson.h>
#include <station/apply/apply.h>

struct message {
	json_t *object; /* fields borrow from it, and from place */
	struct st_buf place;
	struct st_span request;
	struct st_spot spot;
	struct st_command_field fields[ST_ONLINE_FIELDS_MAX];
	size_t field_count;
};
/* place: the member, "place.town". words: Chinese, English. */
struct message_wrong {
	const char *error, *words[2];
	char place[64];
};
/* ST_EFIELD: not right, as *reterr_wrong says. ST_ENOMEM: nobody knows whether it is. m is to be done in any
 * case; zeroed it is empty. */
ST_MUST int message_read(struct message *m, struct st_span body,
			 struct message_wrong *reterr_wrong);
void message_done(struct message *m);
/* What the platform calls a matter's field. */
const char *message_member(const char *field);
