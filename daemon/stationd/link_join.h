/* link_join.h - a request to join, as it reaches the parent's ROUTER. */
#pragma once
#include "link_state.h"

void link_join_request(struct link *l, const uint8_t *route, size_t route_size, const char *child,
		       struct st_span body);
