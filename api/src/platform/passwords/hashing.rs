//! Argon2id, over memory that one hash leaves to the next.
//!
//! Asking the system for 46 MiB and giving them back takes longer than the hash itself, and every
//! thread of the process waits for it meanwhile. The hashes are those of [`Argon2`], which would
//! take memory of its own for each.

use super::PasswordError;
use crate::platform::pool::Kit;
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};

/// OWASP's first choice for argon2id: 46 MiB, one pass, one lane.
pub(super) const MEMORY_KIB: u32 = 46 * 1024;
pub(super) const PASSES: u32 = 1;

/// Hashes one password at a time.
#[derive(Default)]
pub(super) struct Hasher {
    memory: Vec<Block>,
}

impl Kit for Hasher {
    /// Gives the memory back.
    fn rest(&mut self) {
        self.memory = Vec::new();
    }
}

impl Hasher {
    /// In PHC form.
    pub fn hash(&mut self, password: &[u8], salt: &[u8; 16]) -> Result<String, PasswordError> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None)?;
        let salt = Salt::new(salt)?;
        let output = self.output(password, &salt, Algorithm::Argon2id, Version::V0x13, &params)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(salt),
            hash: Some(output),
        };
        Ok(hash.to_string())
    }

    /// Whether this is the password of that hash, whatever parameters it was made with.
    pub fn verify(&mut self, password: &[u8], kept: &str) -> Result<bool, PasswordError> {
        let kept = PasswordHash::new(kept)?;
        let algorithm = Algorithm::try_from(kept.algorithm.as_str())?;
        let version = kept.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let params = Params::try_from(&kept)?;
        let (Some(salt), Some(expected)) = (&kept.salt, &kept.hash) else { return Ok(false) };
        // Two outputs are compared in constant time.
        Ok(self.output(password, salt, algorithm, version, &params)? == *expected)
    }

    fn output(
        &mut self,
        password: &[u8],
        salt: &Salt,
        algorithm: Algorithm,
        version: Version,
        params: &Params,
    ) -> Result<Output, PasswordError> {
        self.memory.resize(params.block_count(), Block::new());
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let argon2 = Argon2::new(algorithm, version, params.clone());
        let mut failed = None;
        let output = Output::init_with(length, |output| {
            let hashed = argon2.hash_password_into_with_memory(password, salt, output, &mut self.memory);
            failed = hashed.err();
            Ok(())
        })?;
        failed.map_or(Ok(output), |error| Err(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    const SALT: [u8; 16] = [7; 16];

    /// What is left in the memory, from hashes of whatever size, changes nothing.
    #[test]
    fn hashes_are_those_of_argon2_whatever_was_hashed_before() {
        let ours = |hasher: &mut Hasher| hasher.hash(b"correct horse", &SALT).unwrap();
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap();
        let theirs = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(b"correct horse", &SALT)
            .unwrap()
            .to_string();
        let mut hasher = Hasher::default();
        assert_eq!(ours(&mut hasher), theirs);
        assert!(!hasher.verify(b"battery staple", &theirs).unwrap());
        for (algorithm, version, memory, passes, lanes) in [
            (Algorithm::Argon2id, Version::V0x13, 64, 3, 2),
            (Algorithm::Argon2i, Version::V0x10, MEMORY_KIB * 2, 2, 1),
            (Algorithm::Argon2d, Version::V0x13, 1024, 1, 4),
        ] {
            let params = Params::new(memory, passes, lanes, Some(20)).unwrap();
            let argon2 = Argon2::new(algorithm, version, params);
            let kept = argon2.hash_password_with_salt(b"an old one", &SALT).unwrap().to_string();
            assert!(hasher.verify(b"an old one", &kept).unwrap(), "{kept}");
            assert!(!hasher.verify(b"an old One", &kept).unwrap(), "{kept}");
            assert_eq!(ours(&mut hasher), theirs);
        }
        hasher.rest();
        assert!(hasher.verify(b"correct horse", &theirs).unwrap());
        assert!(Argon2::default().verify_password(b"correct horse", &*ours(&mut hasher)).is_ok());
    }

    #[test]
    fn what_is_no_hash_is_an_error() {
        for kept in [
            "",
            "no hash",
            "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=1$AAAAAAAA$AAAAAAAAAAAAAAAA",
        ] {
            assert!(!Hasher::default().verify(b"a password", kept).unwrap_or_default(), "{kept}");
        }
    }
}
