/* refold.h - see refold.c. */
#pragma once
#include "station.h"

/* Folds the store anew if it is marked so; what goes wrong has been said. Before the writer runs. */
int refold_if_asked(struct station *s);
