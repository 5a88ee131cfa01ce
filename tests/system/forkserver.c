/* forkserver.c - a program that stands loaded and forks at each call: preloaded into stationctl by forkserver.py.
 *
 * Under the sanitizers half of a call is loading the tool's libraries. Here that happens once: where the program's
 * main would begin, requests are waited for, and each is answered by a child that goes on into that main.
 * Promise: a call is what it would be if it were started by itself, but for its process's age. A request comes on
 * the socket FORKSERVER_FD with the call's three streams: its words, each with a NUL behind it; the answer is the
 * status that waitpid tells. The end of the socket is the end of the program. */
#include <assert.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STREAMS = 3, WORDS_MAX = 1024, REQUEST_MAX = 64 << 10 };

typedef int main_fn(int, char **, char **);
typedef int start_fn(main_fn *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
start_fn __libc_start_main;

struct request {
	int streams[STREAMS];
	int count;
	char *words[WORDS_MAX + 1];
	char text[REQUEST_MAX + 1];
};

static main_fn *program;
static int asked_on;

static bool receive(struct request *r)
{
	union {
		struct cmsghdr head; /* for its alignment */
		char room[CMSG_SPACE(sizeof r->streams)];
	} control;
	struct iovec text = { r->text, REQUEST_MAX };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = control.room,
				  .msg_controllen = sizeof control.room };
	ssize_t size = recvmsg(asked_on, &message, MSG_CMSG_CLOEXEC);
	if (size <= 0)
		return false;
	const struct cmsghdr *streams = CMSG_FIRSTHDR(&message);
	assert((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 && streams != NULL);
	memcpy(r->streams, CMSG_DATA(streams), sizeof r->streams);
	r->count = 0;
	for (char *word = r->text; word < r->text + size; word += strlen(word) + 1) {
		assert(r->count < WORDS_MAX);
		r->words[r->count++] = word;
	}
	r->words[r->count] = NULL;
	return true;
}

/* Returns in a call alone: what the tool's main returned. */
static int serve(int argc, char **argv, char **environment)
{
	static struct request r;
	(void)argc;
	(void)argv;
	while (receive(&r)) {
		pid_t call = fork();
		for (int i = 0; i < STREAMS; i++) {
			if (call == 0)
				(void)dup2(r.streams[i], i);
			(void)close(r.streams[i]);
		}
		if (call == 0) {
			(void)close(asked_on);
			return program(r.count, r.words, environment);
		}
		int status = -1;
		(void)waitpid(call, &status, 0);
		(void)send(asked_on, &status, sizeof status, MSG_NOSIGNAL);
	}
	_exit(0);
}

int __libc_start_main(main_fn *main, int argc, char **argv, void (*begin)(void), void (*end)(void),
		      void (*linker_end)(void), void *stack_end)
{
	start_fn *start = (start_fn *)dlsym(RTLD_NEXT, "__libc_start_main");
	const char *fd = getenv("FORKSERVER_FD");
	assert(start != NULL && fd != NULL);
	asked_on = atoi(fd);
	program = main;
	(void)unsetenv("FORKSERVER_FD");
	(void)unsetenv("LD_PRELOAD");
	return start(serve, argc, argv, begin, end, linker_end, stack_end);
}
