#include "net/network.h"
