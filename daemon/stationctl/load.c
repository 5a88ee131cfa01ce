/* load.c - a file that a person names, whole.
 *
 * Owns:    how it is told that one can't be read.
 * Promise: 9: no more of it than its reader's bound.
 * Flow:    file, standard input -> load -> verbs */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "ctl.h"

int file_load(const char *name, struct st_buf *to)
{
	char slice[4096];
	size_t n;
	bool standard = strcmp(name, "-") == 0;
	FILE *in = standard ? stdin : fopen(name, "rbe");
	if (in == NULL) {
		complain(T_BAD_FILE, name, st_file_error_text(errno, ctl.lang));
		return CTL_USAGE;
	}
	while (to->error == 0 && (n = fread(slice, 1, sizeof(slice), in)) > 0)
		st_buf_put(to, slice, n);
	bool failed = ferror(in) != 0;
	int why = errno;
	if (!standard)
		(void)fclose(in);
	if (to->error == 0 && !failed)
		return 0;
	complain(T_BAD_FILE, name,
		 failed ? st_file_error_text(why, ctl.lang) : st_error_text(to->error, ctl.lang));
	return CTL_USAGE;
}
