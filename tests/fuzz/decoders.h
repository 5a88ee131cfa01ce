/* decoders.h - what fuzz targets share: includes, and a check that survives NDEBUG. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
