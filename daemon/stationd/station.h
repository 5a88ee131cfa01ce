/* station.h - one running station: what the parts of stationd share. Loop thread only. */
#pragma once
#include <uv.h>
#include "config.h"
#include "keyfile.h"
#include "link.h"
#include "writer.h"

struct api;
struct heads;
struct online;
struct station {
	struct config config;
	uv_loop_t loop;
	struct st_store *store;
	struct st_keys keys;
	struct st_self self;
	struct writer *writer;
	struct link *link;
	struct api *api;
	struct heads *heads;
	struct online *online;
	uv_signal_t signals[3];
	uv_timer_t refresh, watchdog, workdays;
	uint64_t started_ms, watched_groups;
	bool stopping, full, damaged; /* damaged: it has been said */
	uint32_t workdays_said; /* the day on which the log said that their table ends; 0: not yet */
	int exit_code;
};

enum { EXIT_RIGHT = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_LOCKED = 4, EXIT_NEWER = 5 };
/* Runs until told to stop; the exit code. ready_fd: gets one line when ready; -1: none. */
int station_run(struct station *s, int ready_fd);
