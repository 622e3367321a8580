// What each object of an OpenAPI document may hold: OpenAPI's "fixed fields" as data, and the one function
// that holds an object against them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/tree.h"
#include "openapi/reader.h"

namespace caponier::openapi {

enum class Shape : std::uint8_t { kAny, kString, kBoolean, kArray, kObject, kSchema, kStrings };

struct MemberRule {
  std::string_view name;
  Shape shape = Shape::kAny;
  bool required = false;  // in 3.1 too, unless `optional_in_31`
  bool since_31 = false;
  bool optional_in_31 = false;
};

struct ObjectRule {
  std::string_view what;  // "a parameter"
  std::span<const MemberRule> members;
  bool policy = false;  // `x-caponier` means something here
};

namespace rules {
extern const ObjectRule kDocument;
extern const ObjectRule kInformation;
extern const ObjectRule kContact;
extern const ObjectRule kLicense;
extern const ObjectRule kExternalDocs;
extern const ObjectRule kTag;
extern const ObjectRule kServer;
extern const ObjectRule kServerVariable;
extern const ObjectRule kComponents;
extern const ObjectRule kPathItem;
extern const ObjectRule kOperation;
extern const ObjectRule kParameter;
extern const ObjectRule kHeader;
extern const ObjectRule kRequestBody;
extern const ObjectRule kMediaType;
extern const ObjectRule kEncoding;
extern const ObjectRule kResponse;
extern const ObjectRule kSecurityScheme;
extern const ObjectRule kFlows;
extern const ObjectRule kFlow;
extern const ObjectRule kLink;
extern const ObjectRule kExample;
extern const ObjectRule kOverlay;
extern const ObjectRule kOverlayInformation;
extern const ObjectRule kOverlayAction;
}  // namespace rules

// Reports unknown members, wrong types and missing members. False if `node` is no object.
bool check_object(Reader& reader, const Node& node, const ObjectRule& rule);
// Reports a member that is neither known nor an extension, or an `x-caponier` that nothing would read.
void check_extension(Reader& reader, const Node& member, bool policy);

// Member `name` if it is there and of that kind; a wrong kind was reported by check_object.
const Node* member(const Node& object, std::string_view name, NodeKind kind);
// The text of member `name`, or empty.
std::string_view text_member(const Node& object, std::string_view name);
// The value of boolean member `name`, or `absent`.
bool boolean_member(const Node& object, std::string_view name, bool absent = false);

}  // namespace caponier::openapi
