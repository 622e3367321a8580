// Result<T, E>: a value or an error, never both, never neither. Errors travel as values on the request path;
// nothing here throws. E is a small closed enum or struct of the room that fails; Failure where rooms meet.
#pragma once

#include <cstdlib>
#include <utility>
#include <variant>

namespace caponier {

// Wraps an error on its way into a Result, so that Result<int, int> stays unambiguous: `return
// Err(kTooLong);`
template <class E>
struct Err {
  explicit Err(E e) : error(std::move(e)) {}
  E error;
};
template <class E>
Err(E) -> Err<E>;

struct Unit {};

template <class T, class E>
class [[nodiscard]] Result {
 public:
  using Value = T;
  using Error = E;

  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  template <class F>
  Result(Err<F> err) : state_(std::in_place_index<1>, std::move(err.error)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Asking for the side that is not there is a programming error and ends the process.
  T& value() & {
    if (!ok()) std::abort();
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    if (!ok()) std::abort();
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    if (!ok()) std::abort();
    return std::move(*std::get_if<0>(&state_));
  }
  const E& error() const& {
    if (ok()) std::abort();
    return *std::get_if<1>(&state_);
  }
  E& error() & {
    if (ok()) std::abort();
    return *std::get_if<1>(&state_);
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, E> state_;
};

}  // namespace caponier
