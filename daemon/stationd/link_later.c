/* link_later.c - jobs of the links that the writer's queue has no room for at the moment.
 *
 * Owns:    those jobs, in their order, until a group has ended.
 * Promise: 9: they are bounded; 2: what finds no room here either is told again on greeting.
 * Flow:    link_push, link_session, link_receipts -> writer */
#include "link_state.h"

void link_later_open(struct link *l)
{
	l->later.end = &l->later.first;
}

int link_submit(struct link *l, struct job *j)
{
	if (l->later.first == NULL && writer_submit(l->conf.writer, j) == 0)
		return 0;
	if (l->later.count == LINK_LATER_MAX)
		return ST_EBUSY;
	j->next = NULL;
	*l->later.end = j;
	l->later.end = &j->next;
	l->later.count++;
	return 0;
}

static struct job *pop(struct link *l, struct job *next)
{
	struct job *j = l->later.first;
	l->later.first = next;
	if (next == NULL)
		l->later.end = &l->later.first;
	l->later.count--;
	return j;
}

void link_later_submit(struct link *l)
{
	while (l->later.first != NULL) {
		struct job *next = l->later.first->next; /* the writer's, from submit on */
		if (writer_submit(l->conf.writer, l->later.first) < 0)
			return;
		(void)pop(l, next);
	}
}

void link_later_close(struct link *l)
{
	while (l->later.first != NULL) {
		struct job *j = pop(l, l->later.first->next);
		j->work.rc = ST_EBUSY;
		j->done(j);
	}
}
