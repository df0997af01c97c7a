//! Object Storage.
//!
//! Paths, headers and shapes are those of Oracle's Object Storage API as its SDKs use it. Server-side
//! encryption is checked for the right key but not carried out: bodies lie on the disk as they came.

mod bucket;
mod condition;
mod copy;
mod delete;
mod get;
mod lifecycle;
mod list;
mod model;
mod multipart;
mod par;
mod par_use;
mod put;
mod range;
mod retention;
mod tier;
mod versions;
mod work;

pub(crate) use copy::{CopyJob, run_copy};
pub(crate) use lifecycle::run_lifecycle;

use crate::route::{Route, Service, Sign};

const BUCKET: &str = "/n/{ns}/b/{bk}";
const OBJECT: &str = "/n/{ns}/b/{bk}/o/{*obj}";
const UPLOAD: &str = "/n/{ns}/b/{bk}/u/{*obj}";
const RULE: &str = "/n/{ns}/b/{bk}/retentionRules/{rule}";
const PAR_OBJECT: &str = "/p/{token}/n/{ns}/b/{bk}/o/{*obj}";
const PAR_BUCKET: &str = "/p/{token}/n/{ns}/b/{bk}/o";
const PAR_UPLOAD: &str = "/p/{token}/n/{ns}/b/{bk}/u/{*obj}";

/// The service.
pub(crate) const SERVICE: Service =
    Service { name: "objectstorage", hosts: &["objectstorage"], bases: &[""], routes: ROUTES };

const ROUTES: &[Route] = &[
    Route::streamed("PutObject", "PUT", OBJECT, put::object).sign(Sign::HeadersOnly),
    Route::get("GetObject", OBJECT, get::object).sign(Sign::Optional),
    Route::head("HeadObject", OBJECT, get::head).sign(Sign::Optional),
    Route::delete("DeleteObject", OBJECT, delete::object),
    Route::get("ListObjects", "/n/{ns}/b/{bk}/o", list::objects).sign(Sign::Optional),
    Route::get("ListObjectVersions", "/n/{ns}/b/{bk}/objectversions", versions::list),
    Route::get("GetNamespace", "/n", bucket::namespace),
    Route::get("GetNamespaceMetadata", "/n/{ns}", bucket::namespace_metadata),
    Route::get("ListBuckets", "/n/{ns}/b", bucket::list),
    Route::post("CreateBucket", "/n/{ns}/b", bucket::create),
    Route::get("GetBucket", BUCKET, bucket::get),
    Route::head("HeadBucket", BUCKET, bucket::head),
    Route::post("UpdateBucket", BUCKET, bucket::update),
    Route::delete("DeleteBucket", BUCKET, bucket::delete),
    Route::post("BatchDeleteObjects", "/n/{ns}/b/{bk}/actions/batchDeleteObjects", delete::batch),
    Route::post("CopyObject", "/n/{ns}/b/{bk}/actions/copyObject", copy::copy),
    Route::post("RenameObject", "/n/{ns}/b/{bk}/actions/renameObject", copy::rename),
    Route::post("RestoreObjects", "/n/{ns}/b/{bk}/actions/restoreObjects", tier::restore),
    Route::post("UpdateObjectStorageTier", "/n/{ns}/b/{bk}/actions/updateObjectStorageTier", tier::update),
    Route::get("GetObjectLifecyclePolicy", "/n/{ns}/b/{bk}/l", lifecycle::get),
    Route::put("PutObjectLifecyclePolicy", "/n/{ns}/b/{bk}/l", lifecycle::put),
    Route::delete("DeleteObjectLifecyclePolicy", "/n/{ns}/b/{bk}/l", lifecycle::delete),
    Route::post("CreateRetentionRule", "/n/{ns}/b/{bk}/retentionRules", retention::create),
    Route::get("ListRetentionRules", "/n/{ns}/b/{bk}/retentionRules", retention::list),
    Route::get("GetRetentionRule", RULE, retention::get),
    Route::put("UpdateRetentionRule", RULE, retention::update),
    Route::delete("DeleteRetentionRule", RULE, retention::delete),
    Route::get("GetWorkRequest", "/workRequests/{id}", work::get),
    Route::delete("CancelWorkRequest", "/workRequests/{id}", work::cancel),
    Route::get("ListWorkRequests", "/workRequests", work::list),
    Route::get("ListWorkRequestErrors", "/workRequests/{id}/errors", work::errors),
    Route::get("ListWorkRequestLogs", "/workRequests/{id}/logs", work::logs),
    Route::post("CreatePreauthenticatedRequest", "/n/{ns}/b/{bk}/p", par::create),
    Route::get("ListPreauthenticatedRequests", "/n/{ns}/b/{bk}/p", par::list),
    Route::get("GetPreauthenticatedRequest", "/n/{ns}/b/{bk}/p/{*par}", par::get),
    Route::delete("DeletePreauthenticatedRequest", "/n/{ns}/b/{bk}/p/{*par}", par::delete),
    Route::post("CreateMultipartUpload", "/n/{ns}/b/{bk}/u", multipart::create),
    Route::get("ListMultipartUploads", "/n/{ns}/b/{bk}/u", multipart::list_uploads),
    Route::streamed("UploadPart", "PUT", UPLOAD, multipart::upload_part).sign(Sign::HeadersOnly),
    Route::post("CommitMultipartUpload", UPLOAD, multipart::commit),
    Route::delete("AbortMultipartUpload", UPLOAD, multipart::abort),
    Route::get("ListMultipartUploadParts", UPLOAD, multipart::list_parts),
    Route::get("GetObjectByPar", PAR_OBJECT, par_use::get).sign(Sign::Never),
    Route::head("HeadObjectByPar", PAR_OBJECT, par_use::head).sign(Sign::Never),
    Route::get("ListObjectsByPar", PAR_BUCKET, par_use::list).sign(Sign::Never),
    Route::streamed("PutObjectByPar", "PUT", PAR_OBJECT, par_use::put).sign(Sign::Never),
    Route::streamed("UploadPartByPar", "PUT", PAR_UPLOAD, par_use::upload_part).sign(Sign::Never),
    Route::post("CommitMultipartUploadByPar", PAR_UPLOAD, par_use::commit).sign(Sign::Never),
    Route::delete("AbortMultipartUploadByPar", PAR_UPLOAD, par_use::abort).sign(Sign::Never),
];
