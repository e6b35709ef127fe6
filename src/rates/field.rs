//! `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10): lists of Structured Fields (RFC 9651) with
//! one item, a name in quotes with parameters.

use super::Standing;

/// Largest number of a Structured Field (RFC 9651, section 3.3.1).
const INTEGER_MAX: u64 = 999_999_999_999_999;

impl Standing {
    /// The value of `RateLimit`: what is left, and in how many seconds all of it is back.
    pub fn field(&self) -> String {
        let (remaining, reset_s) = (self.remaining.min(INTEGER_MAX), self.reset_s.min(INTEGER_MAX));
        format!("\"{}\";r={remaining};t={reset_s}", self.policy.name())
    }

    /// The value of `RateLimit-Policy`: the whole allowance, its unit where that is not requests, and over how many seconds
    /// it comes back.
    pub fn policy_field(&self) -> String {
        let unit = if self.policy.is_of_bytes() { ";qu=\"content-bytes\"" } else { "" };
        let (quota, window_s) = (self.quota.min(INTEGER_MAX), self.policy.window().seconds());
        format!("\"{}\";q={quota}{unit};w={window_s}", self.policy.name())
    }

    /// Whether less is left of this one's allowance than of the other's, as a share of the whole.
    pub fn is_tighter_than(&self, other: &Self) -> bool {
        let cross = |one: &Self, other: &Self| u128::from(one.remaining) * u128::from(other.quota);
        cross(self, other) < cross(other, self)
    }
}
