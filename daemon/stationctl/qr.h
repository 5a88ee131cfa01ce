/* qr.h - a text as a QR code, on the screen or as an SVG. */
#pragma once
#include <stdio.h>

/* 0 or an exit code, whose trouble has been said. */
int qr_print(const char *text, FILE *to);
int qr_svg(const char *text, const char *file);
