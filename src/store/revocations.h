// Revocations in the identity database. On disk when a change is reported. API keys are revoked where they
// are kept (keys.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/revocations.h"
#include "store/database.h"
#include "store/keys.h"

namespace caponier::store {

struct RevocationRecord : plan::Revocation {
  std::int64_t id = 0;
  std::int64_t made_s = 0;
  std::string reason;
};

inline constexpr std::size_t kRevocationTextBytesMax = 1024;  // of a jti, a subject, an issuer
// An ended one is kept for so long: the clock may have been ahead.
inline constexpr std::int64_t kEndedKeptS = 31LL * 24 * 3600;
inline constexpr std::int64_t kRevocationForMaxS = 10LL * 366 * 24 * 3600;

// Of what is revoked already, the later times and the new reason stand.
Result<RevocationRecord, KeyFault> revoke(const Database& database, const plan::Revocation& revocation,
                                          std::string_view reason, const Asking& asking);
// What was revoked counts again.
Result<Unit, KeyFault> remove_revocation(const Database& database, std::int64_t id, const Asking& asking);

// Those that have not ended; in the order of their ids.
Result<std::vector<RevocationRecord>, std::string> list_revocations(const Database& database,
                                                                    std::int64_t now_s);

void append_revocation_json(std::string& out, const RevocationRecord& revocation);

}  // namespace caponier::store
