//! What a request gets that failed: a status, and an identifier and a sentence as JSON.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::{ErrorId, ErrorNotice, NameError, api};
use rooms::RoomError;

use crate::engine::{OfferRefused, Unavailable};

/// A refusal on its way out.
#[derive(Debug)]
pub(crate) struct Failure {
    pub status: StatusCode,
    pub notice: ErrorNotice,
}

impl Failure {
    pub(crate) fn new(id: ErrorId, message: impl Into<String>) -> Self {
        Self::from(ErrorNotice::new(id, message))
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorId::Malformed, message)
    }

    /// There is no token or cookie, or not one of ours.
    pub(crate) fn no_session() -> Self {
        Self::new(ErrorId::UnknownClient, "the session token is missing or not one of ours")
            .with_status(StatusCode::UNAUTHORIZED)
    }

    pub(crate) fn unknown_room() -> Self {
        Self::from(&RoomError::UnknownRoom)
    }
}

impl From<ErrorNotice> for Failure {
    fn from(notice: ErrorNotice) -> Self {
        Self { status: status_of(&notice.id), notice }
    }
}

impl From<&RoomError> for Failure {
    fn from(error: &RoomError) -> Self {
        Self::from(ErrorNotice::from(error))
    }
}

impl From<RoomError> for Failure {
    fn from(error: RoomError) -> Self {
        Self::from(&error)
    }
}

impl From<OfferRefused> for Failure {
    fn from(refused: OfferRefused) -> Self {
        Self::from(ErrorNotice::from(&refused))
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        Self::new(ErrorId::InvalidName, error.to_string())
    }
}

impl From<Unavailable> for Failure {
    fn from(error: Unavailable) -> Self {
        Self::new(ErrorId::ShuttingDown, error.to_string())
    }
}

impl From<BytesRejection> for Failure {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(ErrorId::TooLarge, "the body is too large"),
            _ => Self::malformed("the body broke off"),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(api::Failure { error: self.notice })).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS || self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

/// The status of each identifier, where a route does not say otherwise.
fn status_of(id: &ErrorId) -> StatusCode {
    match id {
        ErrorId::UnknownRoom
        | ErrorId::UnknownClient
        | ErrorId::UnknownReceiver
        | ErrorId::UnknownText
        | ErrorId::UnknownAccount => StatusCode::NOT_FOUND,
        ErrorId::WrongRoom | ErrorId::PasswordRequired | ErrorId::InvalidToken | ErrorId::NotSignedIn => {
            StatusCode::UNAUTHORIZED
        }
        ErrorId::WrongPassword
        | ErrorId::InvalidCsrfToken
        | ErrorId::CrossOrigin
        | ErrorId::Forbidden
        | ErrorId::Banned
        | ErrorId::Locked
        | ErrorId::Denied
        | ErrorId::InvalidInvite
        | ErrorId::AccountsClosed => StatusCode::FORBIDDEN,
        ErrorId::Knocking => StatusCode::ACCEPTED,
        ErrorId::RoomExists | ErrorId::AccountExists | ErrorId::SignedIn | ErrorId::Elsewhere => StatusCode::CONFLICT,
        ErrorId::RoomFull => StatusCode::IM_A_TEAPOT,
        ErrorId::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorId::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ErrorId::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        ErrorId::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorId::InvalidName
        | ErrorId::InvalidPassword
        | ErrorId::Malformed
        | ErrorId::InvalidOffer
        | ErrorId::UnknownType
        | ErrorId::InvalidText
        | ErrorId::BinaryFrame
        | ErrorId::Other(_) => StatusCode::BAD_REQUEST,
    }
}
