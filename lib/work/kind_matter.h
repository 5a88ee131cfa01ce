/* kind_matter.h - numbers of the matter's table that its import plan speaks of. */
#pragma once
#include <station/work/kind.h>

enum { MATTER_REGISTERED = 1, MATTER_ACCEPTED, MATTER_ASSIGNED, MATTER_ANSWERED, MATTER_ECHOED,
       MATTER_CLOSED, MATTER_REFUSED, MATTER_MERGED, MATTER_WITHDRAWN, MATTER_REOPENED };
