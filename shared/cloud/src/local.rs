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
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

use crate::Error;

mod update;

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
    /// [`Error::Root`] when the directory is missing, is not a directory, or is the file system's root.
    pub fn open(root: impl AsRef<FilePath>) -> std::result::Result<Self, Error> {
        let fail = |source| Error::Root { root: root.as_ref().to_owned(), source };
        let canonical = std::fs::canonicalize(&root).map_err(fail)?;
        if !canonical.is_dir() {
            return Err(fail(std::io::ErrorKind::NotADirectory.into()));
        }
        // The working directory of an empty image, when nobody has named a directory.
        if canonical.parent().is_none() {
            return Err(fail(std::io::Error::other("the root of the file system is no bucket")));
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

    /// The entries below `prefix`, directory by directory as they are asked for, each directory in name
    /// order; refused entries are items of their own.
    fn walk(&self, prefix: Option<&Path>) -> Walk {
        let start = prefix.map_or_else(|| self.root.clone(), |p| self.root.join(p.as_ref()));
        let refused = prefix.and_then(|p| self.guard(p).err());
        let open = if refused.is_none() && start.is_dir() { vec![start] } else { Vec::new() };
        Walk { store: self.clone(), refused: refused.into_iter().collect(), open }
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

/// A walk over the entries below a directory. It holds one path for each entry of the directories on the
/// way down, not the whole tree.
struct Walk {
    store: Store,
    refused: Vec<object_store::Error>,
    open: Vec<PathBuf>,
}

impl Walk {
    fn open_directory(&mut self, directory: &FilePath) {
        match std::fs::read_dir(directory) {
            Ok(entries) => {
                let mut entries: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
                entries.sort_by(|a, b| b.cmp(a));
                self.open.append(&mut entries);
            }
            Err(_) => self.refused.push(self.store.unusable(directory, "cannot be listed")),
        }
    }

    /// What an entry amounts to; `None` for a directory, which is opened.
    fn visit(&mut self, entry: &FilePath) -> Option<Result<Path>> {
        let is_link = entry.is_symlink();
        if is_link && self.store.leads_outside(entry) {
            let name = self.store.relative(entry);
            return Some(Err(Error::Outside { entry: name.clone() }.into_denied(name)));
        }
        if entry.is_file() {
            return Some(self.store.location_of(entry));
        }
        if !entry.is_dir() {
            return Some(Err(self.store.unusable(entry, "is not a regular file")));
        }
        if is_link {
            // Its target is inside the root and is listed there; following it could also loop.
            return Some(Err(self.store.unusable(entry, "is a link to a directory that is listed itself")));
        }
        self.open_directory(entry);
        None
    }
}

impl Iterator for Walk {
    type Item = Result<Path>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(refused) = self.refused.pop() {
                return Some(Err(refused));
            }
            let entry = self.open.pop()?;
            if let Some(item) = self.visit(&entry) {
                return Some(item);
            }
        }
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
        match &opts.mode {
            PutMode::Update(expected) => update::replace(self, location, &payload, expected).await,
            _ => self.files.put_opts(location, payload, opts).await,
        }
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
