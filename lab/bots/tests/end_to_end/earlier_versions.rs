//! Pages and servers of earlier versions.
