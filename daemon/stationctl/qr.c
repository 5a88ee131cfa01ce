/* qr.c - a text as a QR code, in half blocks on the screen or as an SVG.
 *
 * Owns:    the drawing; libqrencode makes the code.
 * Flow:    card -> qr -> screen, file */
#include "qr.h"
#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "ctl.h"

enum {
	QUIET = 4,
	QUIET_SCREEN = 2,
	MODULE_PX = 8
}; /* the standard's quiet zone; on a screen half of it does */

static QRcode *encode(const char *text)
{
	QRcode *code = text[0] == 0
			       ? NULL
			       : QRcode_encodeData((int)strlen(text), (const unsigned char *)text,
						   0, QR_ECLEVEL_M);
	if (code == NULL)
		complain(T_NO_QR);
	return code;
}

static bool dark(const QRcode *code, int x, int y)
{
	bool within = x >= 0 && y >= 0 && x < code->width && y < code->width;
	return within && (code->data[y * code->width + x] & 1) != 0;
}

/* What is light is drawn, since screens are dark; where colours can be set, they are. */
int qr_print(const char *text, FILE *to)
{
	static const char *const blocks[2][2] = { { "█", "▀" }, { "▄", " " } };
	QRcode *code = encode(text);
	bool colours = isatty(fileno(to)) == 1;
	if (code == NULL)
		return CTL_WRONG;
	for (int y = -QUIET_SCREEN; y < code->width + QUIET_SCREEN; y += 2) {
		(void)fputs(colours ? "\033[37;40m" : "", to);
		for (int x = -QUIET_SCREEN; x < code->width + QUIET_SCREEN; x++)
			(void)fputs(blocks[dark(code, x, y)][dark(code, x, y + 1)], to);
		(void)fputs(colours ? "\033[0m\n" : "\n", to);
	}
	QRcode_free(code);
	return CTL_RIGHT;
}

int qr_svg(const char *text, const char *file)
{
	QRcode *code = encode(text);
	FILE *to = code == NULL ? NULL : fopen(file, "we");
	bool right = to != NULL;
	if (code == NULL)
		return CTL_WRONG;
	if (right) {
		int side = code->width + 2 * QUIET;
		(void)fprintf(
			to,
			"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
			"viewBox=\"0 0 %d %d\">\n<rect width=\"%d\" height=\"%d\" "
			"fill=\"#fff\"/>\n<path d=\"",
			side * MODULE_PX, side * MODULE_PX, side, side, side, side);
		for (int y = 0; y < code->width; y++)
			for (int x = 0; x < code->width; x++)
				if (dark(code, x, y))
					(void)fprintf(to, "M%d %dh1v1h-1z", x + QUIET, y + QUIET);
		(void)fputs("\" fill=\"#000\"/>\n</svg>\n", to);
		right = fflush(to) == 0 && ferror(to) == 0;
		right &= fclose(to) == 0;
	}
	if (!right)
		complain(T_BAD_FILE, file, st_file_error_text(errno, ctl.lang));
	QRcode_free(code);
	return right ? CTL_RIGHT : CTL_WRONG;
}
