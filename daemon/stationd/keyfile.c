/* keyfile.c - the file of this station's secret keys.
 *
 * Owns:    data_dir/station.key; the only place where keys are drawn.
 * Promise: 10: a key is on disk before anything is signed with it, and is never overwritten; a station that has been set up
 *          gets no other.
 * Flow:    kernel's random -> key file -> keys */
#include "keyfile.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 512, PATH = 512 };

static int read_file(int fd, struct st_keys *ret_keys)
{
	uint8_t text[TEXT_MAX], seeds[3 * ST_SEED_SIZE];
	struct stat st;
	if (fstat(fd, &st) < 0)
		return ST_EIO;
	if ((st.st_mode & 077) != 0)
		return ST_EFIELD;
	ssize_t n = read(fd, text, sizeof(text));
	if (n < 0)
		return ST_EIO;
	int rc = st_keys_decode(st_span(text, (size_t)n), seeds);
	if (rc == 0)
		st_keys_from_seeds(seeds, ret_keys);
	st_wipe(text, sizeof(text));
	st_wipe(seeds, sizeof(seeds));
	return rc;
}

static int sync_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ST_EIO;
	int rc = fsync(fd) < 0 ? ST_EIO : 0;
	(void)close(fd);
	return rc;
}

static int write_file(const char *path, struct st_span text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return ST_EIO;
	bool written = write(fd, text.data, text.size) == (ssize_t)text.size && fsync(fd) == 0;
	if (close(fd) < 0 || !written)
		return ST_EIO;
	return 0;
}

/* Written beside and linked into place, so that there is never half a key file. */
static int create(const char *directory, const char *path, struct st_keys *ret_keys)
{
	uint8_t seeds[3 * ST_SEED_SIZE];
	char beside[PATH];
	struct st_buf text;
	if (getrandom(seeds, sizeof(seeds), 0) != (ssize_t)sizeof(seeds))
		return ST_EIO;
	(void)snprintf(beside, sizeof(beside), "%s/station.key.new", directory);
	(void)unlink(beside); /* of a start that was cut off before its link */
	st_buf_init(&text, TEXT_MAX);
	st_keys_encode(seeds, &text);
	int rc = text.error < 0 ? text.error : write_file(beside, st_buf_span(&text));
	if (rc == 0 && link(beside, path) < 0)
		rc = ST_EIO;
	if (rc == 0)
		rc = sync_directory(directory);
	(void)unlink(beside);
	if (rc == 0)
		st_keys_from_seeds(seeds, ret_keys);
	if (text.data != NULL)
		st_wipe(text.data, text.room);
	st_buf_done(&text);
	st_wipe(seeds, sizeof(seeds));
	return rc;
}

int keyfile_open(const char *directory, bool may_draw, struct st_keys *ret_keys)
{
	char path[PATH];
	int n = snprintf(path, sizeof(path), "%s/station.key", directory);
	if (n < 0 || (size_t)n >= sizeof(path) - 8)
		return ST_ETOOBIG;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT ? ST_EIO : may_draw ? create(directory, path, ret_keys) : ST_ENOTFOUND;
	int rc = read_file(fd, ret_keys);
	(void)close(fd);
	return rc;
}
