/* heads.h - the time of writers' heads: when this station signs its own, and looks at those of others.
 * On the loop thread; what is signed is a job of the writer's. */
#pragma once
#include <station/apply/apply.h>
#include <station/ask/heads.h>

enum { HEADS_PATIENCE_S = 60 }; /* what isn't here for so long is said to be missing */

struct station;
struct heads;
ST_MUST int heads_open(struct station *s, struct heads **ret_h);
void heads_close(struct heads *h); /* NULL is fine; the handle closes on the loop's next turns */
void heads_applied(struct heads *h, const struct st_applied *applied);
/* How this station judges heads at this moment. */
struct st_heads_ask heads_ask(struct station *s);
