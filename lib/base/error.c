/* error.c - the texts of the error table.
 *
 * Owns:    nothing; the table stands in error.h.
 * Flow:    any code -> error -> people */
#include <station/base/error.h>
#include <errno.h>
#include <string.h>

/* Each row is told from success. */
#define X(name, number, zh, en) _Static_assert((number) < 0, "what isn't negative is a count");
ST_ERRORS(X)
#undef X

const char *st_error_text(int code, enum st_lang lang)
{
	switch (code) {
#define X(name, number, zh, en)                                                                    \
	case name:                                                                                 \
		return lang == ST_ZH ? zh : en;
		ST_ERRORS(X)
#undef X
	default:
		return code >= 0 ? (lang == ST_ZH ? "正常" : "ok")
				 : (lang == ST_ZH ? "未知错误" : "unknown error");
	}
}

/*      errno    Chinese               English */
#define FILE_ERRORS(X)                                                                             \
	X(ENOENT, "没有这个文件或目录", "no such file or directory")                               \
	X(EACCES, "没有权限", "permission denied")                                                 \
	X(EPERM, "没有权限", "permission denied")                                                  \
	X(EISDIR, "是目录, 不是文件", "it is a directory")                                         \
	X(ENOTDIR, "路径中有一段不是目录", "a part of the path is no directory")                   \
	X(ENOSPC, "磁盘已满", "the disk is full")                                                  \
	X(EDQUOT, "磁盘配额已满", "the disk quota is used up")                                     \
	X(EROFS, "磁盘只读", "the disk is read-only")                                              \
	X(ENAMETOOLONG, "文件名太长", "the name is too long")                                      \
	X(EMFILE, "打开的文件太多", "too many files are open")                                     \
	X(ENOMEM, "内存不足", "out of memory")                                                     \
	X(EADDRINUSE, "地址已被占用", "the address is in use")                                     \
	X(EADDRNOTAVAIL, "本机没有这个地址", "this machine hasn't that address")                   \
	X(EIO, "磁盘读写错误", "disk input/output error")

const char *st_file_error_text(int error, enum st_lang lang)
{
	switch (error) {
#define X(name, zh, en)                                                                            \
	case name:                                                                                 \
		return lang == ST_ZH ? zh : en;
		FILE_ERRORS(X)
#undef X
	default:
		return strerror(error);
	}
}

const char *st_error_name(int code)
{
	switch (code) {
#define X(name, number, zh, en)                                                                    \
	case name:                                                                                 \
		return &#name[sizeof("ST_") - 1];
		ST_ERRORS(X)
#undef X
	default:
		return code >= 0 ? "OK" : "EUNKNOWN";
	}
}
