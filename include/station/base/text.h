/* text.h - base64, hex and the check that a person's text may be stored.
 * Encoders write NUL-terminated text into a buf; decoders refuse whatever an encoder would not have
 * written (padding, case of hex aside), so a value has one text. */
#pragma once
#include <station/base/bytes.h>

void st_base64_put(struct st_buf *b, struct st_span s);    /* RFC 4648 section 4, padded */
void st_base64url_put(struct st_buf *b, struct st_span s); /* section 5, unpadded */
ST_MUST int st_base64_get(struct st_span text, uint8_t *to, size_t room, size_t *ret_size);
ST_MUST int st_base64url_get(struct st_span text, uint8_t *to, size_t room, size_t *ret_size);
void st_hex_put(struct st_buf *b, struct st_span s);       /* lower case */
ST_MUST int st_hex_get(struct st_span text, uint8_t *to, size_t room, size_t *ret_size);

/* 0 when s is valid UTF-8 without control characters (LF and TAB pass when multiline) and at most
 * max bytes; ST_ETOOBIG or ST_EFIELD otherwise. */
ST_MUST int st_text_check(struct st_span s, size_t max, bool multiline);
/* Nothing but white space of any script (an ideographic space, too), or nothing at all. */
bool st_text_blank(struct st_span s);
/* Appends s in Unicode normalization form C (utf8proc). ST_EFIELD: not valid UTF-8. */
ST_MUST int st_text_nfc(struct st_span s, struct st_buf *to);
