//! The object port over a directory, for laptops and tests.
//!
//! Reading and writing are `object_store`'s own file-system adapter. This wrapper adds the one thing
//! that adapter does not promise: nothing outside the root is ever listed, opened or written, also not
//! through a symbolic link. Start from [`Store::open`].

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path as FilePath, PathBuf};

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

use crate::Error;

/// Objects under one directory.
///
/// An entry whose real place is outside the root gives `PermissionDenied` on access and an error item
/// that names the entry in a listing, so that a caller can report it instead of losing it.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    files: LocalFileSystem,
}

impl Store {
    /// Opens an existing directory as a bucket.
    ///
    /// # Errors
    ///
    /// [`Error::Root`] when the directory is missing or is not a directory.
    pub fn open(root: impl AsRef<FilePath>) -> std::result::Result<Self, Error> {
        let fail = |source| Error::Root { root: root.as_ref().to_owned(), source };
        let canonical = std::fs::canonicalize(&root).map_err(fail)?;
        if !canonical.is_dir() {
            return Err(fail(std::io::ErrorKind::NotADirectory.into()));
        }
        let files = LocalFileSystem::new_with_prefix(&canonical).map_err(|e| fail(std::io::Error::other(e)))?;
        Ok(Self { root: canonical, files })
    }

    /// Refuses a location whose nearest existing ancestor is really outside the root.
    ///
    /// Between this check and the open another process could still swap a directory for a link; the
    /// root is expected to belong to the user who runs the function.
    fn guard(&self, location: &Path) -> Result<()> {
        let file = self.root.join(location.as_ref());
        if location.parts().any(|part| part.as_ref() == "..") || self.leads_outside(&file) {
            let entry = location.to_string();
            return Err(Error::Outside { entry: entry.clone() }.into_denied(entry));
        }
        Ok(())
    }

    fn leads_outside(&self, file: &FilePath) -> bool {
        for ancestor in file.ancestors() {
            // A dangling link is refused too: a write through it would create its target.
            if let Ok(real) = std::fs::canonicalize(ancestor) {
                return !real.starts_with(&self.root);
            }
            if ancestor.is_symlink() {
                return true;
            }
        }
        true
    }

    /// The entries below `prefix` in name order; refused entries are items of their own.
    fn walk(&self, prefix: Option<&Path>) -> Vec<Result<Path>> {
        let start = prefix.map_or_else(|| self.root.clone(), |p| self.root.join(p.as_ref()));
        let mut found = Vec::new();
        match prefix.map(|p| self.guard(p)) {
            Some(Err(refused)) => found.push(Err(refused)),
            _ if start.is_dir() => self.walk_into(&start, &mut found),
            _ => {}
        }
        found
    }

    fn walk_into(&self, directory: &FilePath, found: &mut Vec<Result<Path>>) {
        let mut entries: Vec<PathBuf> = match std::fs::read_dir(directory) {
            Ok(entries) => entries.filter_map(|e| e.ok().map(|e| e.path())).collect(),
            Err(_) => {
                return found.push(Err(self.unusable(directory, "cannot be listed")));
            }
        };
        entries.sort();
        for entry in entries {
            self.visit(&entry, found);
        }
    }

    fn visit(&self, entry: &FilePath, found: &mut Vec<Result<Path>>) {
        let is_link = entry.is_symlink();
        if is_link && self.leads_outside(entry) {
            let name = self.relative(entry);
            found.push(Err(Error::Outside { entry: name.clone() }.into_denied(name)));
        } else if entry.is_dir() && is_link {
            // Its target is inside the root and is listed there; following it could also loop.
            found.push(Err(self.unusable(entry, "is a link to a directory that is listed itself")));
        } else if entry.is_dir() {
            self.walk_into(entry, found);
        } else if entry.is_file() {
            found.push(self.location_of(entry));
        } else {
            found.push(Err(self.unusable(entry, "is not a regular file")));
        }
    }

    fn location_of(&self, file: &FilePath) -> Result<Path> {
        let name = file.strip_prefix(&self.root).ok().and_then(FilePath::to_str);
        name.and_then(|name| Path::parse(name).ok())
            .ok_or_else(|| self.unusable(file, "has a name that cannot be an object name"))
    }

    fn relative(&self, entry: &FilePath) -> String {
        let inside = entry.strip_prefix(&self.root).unwrap_or(entry);
        inside.to_string_lossy().into_owned()
    }

    fn unusable(&self, entry: &FilePath, reason: &'static str) -> object_store::Error {
        let entry = self.relative(entry);
        Error::Unusable { entry: entry.clone(), reason }.into_denied(entry)
    }

    async fn describe(&self, location: Result<Path>) -> Result<ObjectMeta> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        Ok(self.files.get_opts(&location?, options).await?.meta)
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "local directory {}", self.root.display())
    }
}

#[async_trait]
impl ObjectStore for Store {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.guard(location)?;
        self.files.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.guard(location)?;
        self.files.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.guard(location)?;
        self.files.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let allowed = locations.map(move |location| {
            let location = location?;
            store.guard(&location)?;
            Ok(location)
        });
        self.files.delete_stream(allowed.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = self.clone();
        stream::iter(self.walk(prefix))
            .then(move |location| {
                let store = store.clone();
                async move { store.describe(location).await }
            })
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let base = prefix.cloned().unwrap_or_default();
        let mut folders = BTreeSet::new();
        let mut objects = Vec::new();
        for location in self.walk(prefix) {
            let location = location?;
            let mut parts = location.prefix_match(&base).into_iter().flatten();
            match (parts.next(), parts.next()) {
                (Some(folder), Some(_)) => drop(folders.insert(base.clone().join(folder))),
                (Some(_), None) => objects.push(self.describe(Ok(location.clone())).await?),
                (None, _) => {}
            }
        }
        Ok(ListResult { common_prefixes: folders.into_iter().collect(), objects, extensions: Default::default() })
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.guard(from)?;
        self.guard(to)?;
        self.files.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.guard(from)?;
        self.guard(to)?;
        self.files.rename_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests;
