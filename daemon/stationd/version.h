/* version.h - the program's version, as people and neighbours are told. */
#pragma once

#define STATIOND_VERSION "0.1.0"
