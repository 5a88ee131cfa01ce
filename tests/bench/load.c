/* load.c - a client of the control socket so light that the daemon is measured.
 *
 *   load register SOCKET N                 N matters, one at a time: {"per_s", "p50_us"}
 *   load get SOCKET PATH N                 one line of microseconds a request
 *   load latency BASE TOP LOG N PAUSE_MS   registers at BASE and waits until TOP has it on disk; a
 *                                          line a sample: microseconds from the answer, and from
 *                                          the request. N 0: until standard input ends
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

static void rest(long pause_ms)
{
	struct timespec t = { pause_ms / 1000, pause_ms % 1000 * 1000000 };
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

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "register") == 0)
		return run_register(argv[2], strtoull(argv[3], NULL, 10));
	if (argc == 5 && strcmp(argv[1], "get") == 0)
		return run_get(argv[2], argv[3], strtoull(argv[4], NULL, 10));
	if (argc == 7 && strcmp(argv[1], "latency") == 0)
		return run_latency(argv + 2);
	(void)fprintf(stderr, "usage: load register|get|latency ...\n");
	return 2;
}
