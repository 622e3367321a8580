// OpenAPI Overlay 1.0: changes to a document that its owner did not write. Applied to the tree before
// anything of it is read; what an overlay adds keeps the overlay's file and positions.
#pragma once

#include <vector>

#include "base/diagnostic.h"
#include "openapi/contract.h"

namespace caponier::openapi {

inline constexpr std::size_t kOverlaysMax = 32;
inline constexpr std::size_t kOverlayActionsMax = 10'000;
// Values that the updates of all overlays may add, with all the places they are added to.
inline constexpr std::size_t kOverlayNodesMax = 1'000'000;

// In order, each on what the ones before it made. Faults are reported in the overlay.
void apply_overlays(Contract& contract, const std::vector<OverlayText>& overlays, Diagnostics& diagnostics);

}  // namespace caponier::openapi
