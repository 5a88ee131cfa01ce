/* error.c - the texts of the error table.
 *
 * Owns:    nothing; the table stands in error.h.
 * Flow:    any code -> error -> people */
#include <station/base/error.h>
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
