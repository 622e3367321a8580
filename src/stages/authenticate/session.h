// Browsers that have logged in (backend for frontend): a cookie names a session, and a request that another
// site made a browser send is refused.
#pragma once

#include <cstddef>
#include "stages/authenticate/authenticator.h"

namespace caponier::stages {

inline constexpr std::size_t kReturnBytesMax =
    1000;  // of the path and query of a page that a login returns to

Verdict<Unit> read_session(Reading& reading);
void choose_session(Reading& reading, const Admission& admission);

// Whether a browser wants to show what it asks for, rather than a page's script to have it.
bool is_navigation(const http::RequestHead& head);

// The same of any method: a form that is sent is shown too.
bool shows_answer(const http::RequestHead& head);

// Whether a page of another origin made the browser send this. Browsers say where a request comes from
// (Sec-Fetch-Site), and older ones at least from which origin; what says neither and changes something is not
// trusted. A WebSocket is not held by the rule of one origin, so its origin must be said.
bool is_foreign(const http::RequestHead& head, const plan::Login& login, bool websocket);

// The line that sets a session's cookie for as long as the browser is open; without a secret: that removes
// it.
std::string session_cookie(std::string_view name, std::string_view secret);

// A browser that comes to a page without what the operation demands is sent to log in, or, where anybody may
// come, sent back without the cookie that means nothing any more.
void send_to_login(const Exchange& exchange, const plan::Operation& operation, Denial& denial);

}  // namespace caponier::stages
