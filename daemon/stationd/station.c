/* station.c - a station from start to stop.
 *
 * Owns:    the loop, and the order in which everything opens and closes.
 * Promise: 1: an input/output error of the store ends the process, never an acknowledgement.
 * Flow:    main -> station -> writer, link, api */
#include "station.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include <station/base/check.h>
#include "api.h"
#include "heads.h"
#include "online.h"
#include "refold.h"
#include "say.h"
#include "workdays.h"

enum { WORKDAYS_MS = 3600 * 1000, DATA_PATH = 256 };

static int load_self(struct st_txn *t, void *arg)
{
	return st_self_load(t, arg);
}

/* Reads anew who this station is. */
static int reload(struct station *s)
{
	int rc = st_store_read(s->store, load_self, &s->self);
	if (rc < 0)
		return rc;
	if (s->self.set_up)
		say_station(s->self.station.certificate.code.text);
	return link_reload(s->link, &s->self);
}

static void stop(struct station *s, int exit_code)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->exit_code = exit_code;
	uv_stop(&s->loop);
}

static void on_applied(void *arg, int rc, const struct st_applied *applied)
{
	struct station *s = arg;
	if (rc == ST_EIO) {
		say(SAY_STORE_BROKEN, NULL, NULL, NULL);
		stop(s, EXIT_FAILED);
		return;
	}
	if (rc == ST_EFULL && !s->full)
		say(SAY_STORE_FULL, s->config.data_dir, NULL, NULL);
	if (rc == 0 && s->full)
		say(SAY_STORE_HEALED, NULL, NULL, NULL);
	s->full = rc == ST_EFULL;
	link_room(s->link);
	if (rc < 0)
		return;
	if (applied->damaged && !s->damaged)
		say(SAY_STORE_DAMAGED, s->config.data_dir, NULL, NULL);
	s->damaged |= applied->damaged;
	if (applied->self_changed || applied->stations_changed)
		(void)reload(s); /* a listen address that fails has been said; the rest goes on */
	link_applied(s->link, applied);
	if (s->heads != NULL)
		heads_applied(s->heads, applied);
	if (s->online != NULL)
		online_applied(s->online, applied);
}

static void on_moved(void *arg)
{
	struct station *s = arg;
	if (s->api != NULL)
		api_moved(s->api);
}

static void refresh_done(struct job *j)
{
	free(j);
}

/* Signs the newest checkpoint afresh while the station is idle, so that its silence has an age. */
static void on_refresh(uv_timer_t *timer)
{
	struct station *s = timer->data;
	if (!s->self.set_up || s->self.halted[0] != 0 || !writer_idle(s->writer))
		return;
	struct job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return;
	j->work.kind = ST_JOB_REFRESH;
	j->bytes = sizeof(*j);
	j->patient = true;
	j->done = refresh_done;
	if (writer_submit(s->writer, j) < 0)
		free(j);
}

/* Pings only if the writer moves, or has nothing to do; that this runs shows that the loop does. */
static void on_watchdog(uv_timer_t *timer)
{
	struct station *s = timer->data;
	uint64_t groups = writer_groups(s->writer);
	if (groups != s->watched_groups || writer_idle(s->writer))
		(void)sd_notify(0, "WATCHDOG=1");
	s->watched_groups = groups;
}

static void on_workdays(uv_timer_t *timer)
{
	workdays_look(timer->data);
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct station *s = signal->data;
	if (number == SIGHUP) {
		struct config c;
		char wrong[CONFIG_WRONG_MAX];
		int rc = config_load(s->config.file, say_lang(), &c, wrong);
		if (rc < 0) {
			say(SAY_CONFIG_WRONG, wrong[0] != 0 ? wrong : st_error_text(rc, say_lang()), NULL, NULL);
			return;
		}
		say_setup((enum level)config_level(&c), config_lang(&c),
			  s->self.set_up ? s->self.station.certificate.code.text : "");
		config_done(&c);
		online_reload(s->online);
		say(SAY_CONFIG_TAKEN, NULL, NULL, NULL);
		return;
	}
	stop(s, EXIT_RIGHT);
}

static void start_timers(struct station *s)
{
	static const int numbers[3] = { SIGTERM, SIGINT, SIGHUP };
	uint64_t watchdog_us = 0, every = s->config.fresh_checkpoint_s * 1000;
	for (size_t i = 0; i < 3; i++) {
		ST_REQUIRE(uv_signal_init(&s->loop, &s->signals[i]) == 0);
		s->signals[i].data = s;
		(void)uv_signal_start(&s->signals[i], on_signal, numbers[i]);
	}
	ST_REQUIRE(uv_timer_init(&s->loop, &s->refresh) == 0);
	ST_REQUIRE(uv_timer_init(&s->loop, &s->watchdog) == 0);
	ST_REQUIRE(uv_timer_init(&s->loop, &s->workdays) == 0);
	s->refresh.data = s->watchdog.data = s->workdays.data = s;
	(void)uv_timer_start(&s->refresh, on_refresh, every, every);
	(void)uv_timer_start(&s->workdays, on_workdays, 0, WORKDAYS_MS);
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		(void)uv_timer_start(&s->watchdog, on_watchdog, watchdog_us / 2000, watchdog_us / 2000);
}

/* Whatever another user's start, or a copy by root, has left: the system's own reason, of the file that it is about. */
static bool may_use(const char *directory)
{
	static const char *const files[] = { "", "/stationd.lock", "/data.mdb", "/lock.mdb", "/station.key" };
	char path[DATA_PATH];
	struct stat st;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", directory, files[i]);
		int rc = access(path, i == 0 ? R_OK | W_OK | X_OK : i == 4 ? R_OK : R_OK | W_OK);
		if (rc == 0 && i == 0 && stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
			errno = ENOTDIR;
			rc = -1;
		}
		if (rc < 0 && (i == 0 || errno != ENOENT)) {
			say(SAY_DATA_FAILED, path, st_file_error_text(errno, say_lang()), NULL);
			return false;
		}
	}
	return true;
}

/* A station that has been set up signs with the keys of its certificate, or not at all. */
static int open_keys(struct station *s)
{
	char path[DATA_PATH];
	(void)snprintf(path, sizeof(path), "%s/station.key", s->config.data_dir);
	int rc = keyfile_open(s->config.data_dir, !s->self.set_up, &s->keys);
	if (rc == 0 && s->self.set_up && !st_keys_are_of(&s->keys, &s->self.station.certificate)) {
		say(SAY_KEYS_OTHER, path, s->self.station.certificate.code.text, NULL);
		return ST_EFIELD;
	}
	if (rc < 0)
		say(rc == ST_ENOTFOUND ? SAY_KEYS_LOST : rc == ST_EFIELD ? SAY_KEYS_OPEN : SAY_KEYS_FAILED, path,
		    rc == ST_ENOTFOUND ? s->self.station.certificate.code.text : st_error_text(rc, say_lang()), NULL);
	return rc;
}

static int open_store(struct station *s)
{
	struct st_store_conf conf = {
		.directory = s->config.data_dir,
		.map_bytes = s->config.map_gib << 30,
		.reserve_bytes = s->config.reserve_mib << 20,
		.readers_max = 64,
	};
	(void)mkdir(s->config.data_dir, 0700); /* that it can't is the next look's to say */
	if (!may_use(s->config.data_dir))
		return ST_EIO;
	int rc = st_store_open(&conf, &s->store);
	if (rc == 0)
		rc = st_store_read(s->store, load_self, &s->self);
	if (rc < 0) {
		say(rc == ST_ECORRUPT ? SAY_STORE_CORRUPT : SAY_STORE_FAILED, s->config.data_dir,
		    st_error_text(rc, say_lang()), NULL);
		return rc;
	}
	if (s->self.set_up)
		say_station(s->self.station.certificate.code.text);
	return open_keys(s);
}

/* On a full disk it is the one before: what waits goes on from there, and nothing could be given a second time. */
static int renew_incarnation(struct station *s)
{
	uint8_t random[ST_INCARNATION_SIZE];
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return ST_EIO;
	int rc = st_incarnation_renew(s->store, random);
	return rc == ST_EFULL ? 0 : rc;
}

static int open_all(struct station *s)
{
	int rc = open_store(s);
	if (rc == 0)
		rc = refold_if_asked(s);
	if (rc == 0)
		rc = renew_incarnation(s);
	if (rc < 0)
		return rc;
	struct writer_conf writer = { &s->loop, s->store, &s->keys, on_applied, s };
	rc = writer_open(&writer, &s->writer);
	if (rc < 0)
		return rc;
	struct link_conf link = { &s->loop, s->store, s->writer, &s->keys, &s->config, on_moved, s };
	rc = link_open(&link, &s->link);
	if (rc == 0)
		rc = api_open(s, &s->api);
	if (rc == 0)
		rc = reload(s);
	if (rc == 0)
		rc = heads_open(s, &s->heads);
	if (rc == 0)
		rc = online_open(s, &s->online);
	return rc;
}

static void on_walk(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void close_all(struct station *s)
{
	writer_close(s->writer); /* first: what it has done is answered, what waits is refused */
	heads_close(s->heads);
	s->heads = NULL;
	api_tasks_close(s);
	link_join_close(s->link); /* which answers a request */
	online_close(s->online);
	s->online = NULL;
	api_close(s->api);
	if (s->api != NULL)
		(void)unlink(s->config.control_socket);
	s->api = NULL;
	link_close(s->link);
	for (size_t i = 0; i < 3 && s->signals[i].data != NULL; i++)
		uv_close((uv_handle_t *)&s->signals[i], NULL);
	if (s->refresh.data != NULL) {
		uv_close((uv_handle_t *)&s->refresh, NULL);
		uv_close((uv_handle_t *)&s->watchdog, NULL);
		uv_close((uv_handle_t *)&s->workdays, NULL);
	}
	(void)uv_run(&s->loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&s->loop) != 0) {
		uv_walk(&s->loop, on_walk, NULL);
		(void)uv_run(&s->loop, UV_RUN_DEFAULT);
		int rc = uv_loop_close(&s->loop);
		(void)ST_NEVER(rc != 0);
	}
	st_store_close(s->store);
	st_keys_done(&s->keys);
}

static int exit_code_of(int rc)
{
	return rc == ST_ELOCKED ? EXIT_LOCKED : rc == ST_ENEWER ? EXIT_NEWER : EXIT_FAILED;
}

int station_run(struct station *s, int ready_fd)
{
	ST_REQUIRE(uv_loop_init(&s->loop) == 0);
	int rc = open_all(s);
	if (rc == 0) {
		start_timers(s);
		s->started_ms = link_now_ms(s->link);
		say(SAY_STARTED, s->config.control_socket, NULL, NULL);
		if (!s->self.set_up)
			say(SAY_UNSET, NULL, NULL, NULL);
		(void)sd_notify(0, "READY=1");
		if (ready_fd >= 0 && write(ready_fd, "ready\n", 6) == 6)
			(void)close(ready_fd);
		(void)uv_run(&s->loop, UV_RUN_DEFAULT);
		(void)sd_notify(0, "STOPPING=1");
		say(SAY_STOPPED, NULL, NULL, NULL);
	} else {
		s->exit_code = exit_code_of(rc);
	}
	close_all(s);
	return s->exit_code;
}
