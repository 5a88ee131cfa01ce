/* load.c - a client of the control socket so light that the daemon is measured.
 *
 *   load register SOCKET N                 N matters, one at a time: {"per_s", "p50_us"}
 *   load get SOCKET PATH N                 one line of microseconds a request
 *   load latency BASE TOP LOG N PAUSE_MS   registers at BASE and waits until TOP has it on disk; a
 *                                          line a sample: microseconds from the answer, and from
 *                                          the request. N 0: until standard input ends
 *
 *   load directive TOP BASE CODE SIZE N PAUSE_MS   issues notices to CODE at TOP and waits until BASE,
 *                                          whose log has SIZE events, says that it has them; as above
 *   load hand SOCKET TO N                  N matters of six events each, all handed on to TO
 *
 * Owns:    its connections (kept alive), and one request at a time on each.
 * Flow:    bench.py -> load -> stationd */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 8 * 1024 * 1024, REQUEST_MAX = 4096 };

static const char REGISTER[] =
	"{\"kind\":\"matter\",\"move\":\"open\",\"fields\":{\"channel\":\"visit\","
	"\"category\":\"环境卫生\",\"subcategory\":\"垃圾清运不及时\"}}";

struct line {
	int fd;
	char *data; /* of the newest answer, with its head */
	size_t size, body_at;
};

static void die(const char *what)
{
	(void)fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct line dial(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct line l = { .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	if (strlen(path) >= sizeof(to.sun_path))
		errno = ENAMETOOLONG;
	else
		(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (l.fd < 0 || to.sun_path[0] == 0 ||
	    connect(l.fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die(path);
	l.data = malloc(ANSWER_MAX + 1);
	if (l.data == NULL)
		die("memory");
	return l;
}

static void hang_up(struct line *l)
{
	(void)close(l->fd);
	free(l->data);
}

__attribute__((format(printf, 2, 3))) static void ask(struct line *l, const char *format, ...)
{
	char text[REQUEST_MAX];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(text) || send(l->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		die("send");
}

/* Reads one answer whole; anything but 200 ends the run. */
static void hear(struct line *l)
{
	size_t want = 0;
	l->size = l->body_at = 0;
	while (l->body_at == 0 || l->size < want) {
		ssize_t n = recv(l->fd, l->data + l->size, ANSWER_MAX - l->size, 0);
		if (n <= 0)
			die("the daemon hung up");
		l->size += (size_t)n;
		l->data[l->size] = 0;
		char *end = l->body_at == 0 ? strstr(l->data, "\r\n\r\n") : NULL;
		if (end == NULL)
			continue;
		const char *length = strcasestr(l->data, "content-length:");
		l->body_at = (size_t)(end - l->data) + 4;
		want = l->body_at + (length == NULL ? 0 : strtoull(length + 15, NULL, 10));
		if (want > ANSWER_MAX)
			die("answer too long");
	}
	if (strncmp(l->data, "HTTP/1.1 200", 12) != 0) {
		(void)fprintf(stderr, "load: %s\n", l->data + l->body_at);
		exit(1);
	}
}

static void ask_register(struct line *l)
{
	ask(l,
	    "POST /v1/commands HTTP/1.1\r\nHost: stationd\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    sizeof(REGISTER) - 1, REGISTER);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static int run_register(const char *path, size_t n)
{
	struct line l = dial(path);
	double *took = calloc(n + 1, sizeof(*took)), begun = now_us();
	if (took == NULL)
		die("memory");
	for (size_t i = 0; i < n; i++) {
		double from = now_us();
		ask_register(&l);
		hear(&l);
		took[i] = now_us() - from;
	}
	double per_s = (double)n / (now_us() - begun) * 1e6;
	qsort(took, n, sizeof(*took), by_size);
	printf("{\"per_s\":%.1f,\"p50_us\":%.1f}\n", per_s, took[n / 2]);
	free(took);
	hang_up(&l);
	return 0;
}

static int run_get(const char *path, const char *what, size_t n)
{
	struct line l = dial(path);
	for (size_t i = 0; i < n; i++) {
		double from = now_us();
		ask(&l, "GET %s HTTP/1.1\r\nHost: stationd\r\n\r\n", what);
		hear(&l);
		printf("%.1f\n", now_us() - from);
	}
	hang_up(&l);
	return 0;
}

/* The sequence number of the event that an answer names: "event":"CODE/EPOCH/SEQ". */
static uint64_t seq_of(const struct line *l)
{
	const char *at = strstr(l->data + l->body_at, "\"event\":\"");
	at = at == NULL ? NULL : strchr(at + 9, '/');
	at = at == NULL ? NULL : strchr(at + 1, '/');
	if (at == NULL) {
		(void)fprintf(stderr, "load: no event in %s\n", l->data + l->body_at);
		exit(1);
	}
	return strtoull(at + 1, NULL, 10);
}

static bool go_on(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	return poll(&in, 1, 0) == 0;
}

/* For half to one and a half of that. Probes with one rhythm fall into step, never meet, and whatever disturbs their
 * step would count as harm. */
static void rest(long pause_ms)
{
	static unsigned seed;
	seed = seed == 0 ? (unsigned)getpid() : seed;
	long us = pause_ms * 500 + rand_r(&seed) % (pause_ms * 1000 + 1);
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };
	(void)nanosleep(&t, NULL);
}

static void ask_wait(struct line *l, const char *log, uint64_t size)
{
	ask(l, "GET /v1/wait?log=%s&size=%llu&timeout_s=60 HTTP/1.1\r\nHost: stationd\r\n\r\n", log,
	    (unsigned long long)size);
}

/* Who waits at the top has asked before the event is made, so nothing is asked again and again. */
static int run_latency(char **argv)
{
	struct line base = dial(argv[0]), top = dial(argv[1]);
	const char *log = argv[2];
	size_t n = strtoull(argv[3], NULL, 10);
	long pause_ms = strtol(argv[4], NULL, 10);
	ask_register(&base);
	hear(&base);
	uint64_t size = seq_of(&base);
	ask_wait(&top, log, size);
	hear(&top);
	for (size_t i = 0; (n == 0 && go_on()) || i < n; i++) {
		ask_wait(&top, log, ++size);
		rest(pause_ms);
		double from = now_us();
		ask_register(&base);
		hear(&base);
		double answered = now_us();
		hear(&top);
		double there = now_us();
		if (seq_of(&base) != size)
			die("somebody else writes at the base");
		printf("%.1f %.1f\n", there - answered, there - from);
		(void)fflush(stdout);
	}
	hang_up(&base);
	hang_up(&top);
	return 0;
}

static void post(struct line *l, const char *body)
{
	ask(l,
	    "POST /v1/commands HTTP/1.1\r\nHost: stationd\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    strlen(body), body);
}

static int run_directive(char **argv)
{
	struct line top = dial(argv[0]), base = dial(argv[1]);
	const char *code = argv[2];
	uint64_t size = strtoull(argv[3], NULL, 10);
	size_t n = strtoull(argv[4], NULL, 10);
	long pause_ms = strtol(argv[5], NULL, 10);
	char body[512];
	(void)snprintf(body, sizeof(body),
		       "{\"kind\":\"supervision\",\"move\":\"issue\",\"fields\":{\"to\":\"%s\",\"level\":"
		       "\"ordinary\",\"due\":\"2030-01-01\",\"title\":\"限期清理\"}}", code);
	for (size_t i = 0; i < n; i++) {
		ask_wait(&base, code, ++size);
		rest(pause_ms);
		double from = now_us();
		post(&top, body);
		hear(&top);
		double answered = now_us();
		hear(&base);
		double there = now_us();
		printf("%.1f %.1f\n", there - answered, there - from);
	}
	hang_up(&top);
	hang_up(&base);
	return 0;
}

enum { LINES = 32, MOVES = 6, RECORD_MAX = 64, WORDS_MAX = 128 };

static void post_move(struct line *l, const char *record, size_t move, const char *to)
{
	static const char *const moves[MOVES] = {
		"\"accept\"", "\"assign\",\"fields\":{\"unit\":\"区城管局\"}",
		"\"return\",\"fields\":{\"reason\":\"非本单位职责\"}",
		"\"assign\",\"fields\":{\"unit\":\"区住建局\"}",
		"\"return\",\"fields\":{\"reason\":\"非本单位职责\"}", NULL,
	};
	char hand[WORDS_MAX], body[WORDS_MAX + RECORD_MAX + 64];
	(void)snprintf(hand, sizeof(hand), "\"hand\",\"fields\":{\"to\":\"%.12s\"}", to);
	(void)snprintf(body, sizeof(body), "{\"kind\":\"matter\",\"record\":\"%.63s\",\"move\":%.127s}",
		       record, moves[move] == NULL ? hand : moves[move]);
	post(l, body);
}

/* Many at once, so that they share commits. */
static int run_hand(char **argv)
{
	static struct line lines[LINES];
	static char records[LINES][RECORD_MAX];
	size_t n = strtoull(argv[2], NULL, 10);
	for (size_t i = 0; i < LINES; i++)
		lines[i] = dial(argv[0]);
	for (size_t done = 0; done < n; done += LINES) {
		size_t some = n - done < LINES ? n - done : LINES;
		for (size_t i = 0; i < some; i++)
			ask_register(&lines[i]);
		for (size_t i = 0; i < some; i++) {
			hear(&lines[i]);
			const char *at = strstr(lines[i].data + lines[i].body_at, "\"record\"");
			if (at == NULL || sscanf(at, "\"record\": \"%63[^\"]", records[i]) != 1)
				die("no record in an answer");
		}
		for (size_t m = 0; m < MOVES; m++) {
			for (size_t i = 0; i < some; i++)
				post_move(&lines[i], records[i], m, argv[1]);
			for (size_t i = 0; i < some; i++)
				hear(&lines[i]);
		}
	}
	for (size_t i = 0; i < LINES; i++)
		hang_up(&lines[i]);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "register") == 0)
		return run_register(argv[2], strtoull(argv[3], NULL, 10));
	if (argc == 5 && strcmp(argv[1], "get") == 0)
		return run_get(argv[2], argv[3], strtoull(argv[4], NULL, 10));
	if (argc == 7 && strcmp(argv[1], "latency") == 0)
		return run_latency(argv + 2);
	if (argc == 8 && strcmp(argv[1], "directive") == 0)
		return run_directive(argv + 2);
	if (argc == 5 && strcmp(argv[1], "hand") == 0)
		return run_hand(argv + 2);
	(void)fprintf(stderr, "usage: load register|get|latency|directive|hand ...\n");
	return 2;
}
