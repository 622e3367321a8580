// Stage authorize: whether this caller may do this, on facts of the head: scopes of an alternative that the
// credentials satisfy, and the owner rule. It never looks at credentials again, and says nothing but the
// status to the client.
#pragma once

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// kScopeMissing (403). kNotOwner and kOwnerClaimMissing are 404: to this caller the object does not exist.
Verdict<Authorized> authorize(const Matched& matched, const Principal& principal);

}  // namespace caponier::stages
