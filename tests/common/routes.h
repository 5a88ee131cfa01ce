/* routes.h - any request to the control API, or to the online intake, through its real routes and into a real
 * store, without the server: it is answered at once, and nobody waits. */
#pragma once
#include <daemon/stationd/api.h>
#include "city.h"

extern struct station routes_station; /* whose routes are asked */
void routes_use(struct node *n);      /* opened; routes are asked of its store from now on */
/* Takes in a message of the platform, so that its code is known. */
void routes_message(char code[ST_QUERY_CODE + 1]);
bool routes_wrote(void);              /* since then a job was given to the writer */

/* line: "METHOD PATH?QUERY", which is cut up and borrowed by q. q is to be done. */
void routes_ask(struct request *q, char *line, struct st_span body);
struct st_span routes_answer(const struct request *q);
void routes_done(struct request *q);
