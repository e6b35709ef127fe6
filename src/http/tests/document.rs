//! The OpenAPI document: complete, the same every time, and true about errors.

use super::*;

fn document() -> Value {
    serde_json::from_str(&openapi_document()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((method.clone(), path.clone(), operation));
        }
    }
    found
}

#[test]
fn the_document_is_the_same_every_time_and_has_every_route() {
    assert_eq!(openapi_document(), openapi_document());
    let document = document();
    let mut routes: Vec<String> =
        operations(&document).iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    routes.sort();
    assert_eq!(
        routes,
        [
            "delete /files/{id}",
            "delete /session",
            "delete /uploads/{id}",
            "get /",
            "get /api",
            "get /csv",
            "get /docs",
            "get /livez",
            "get /metrics",
            "get /openapi.json",
            "get /problems/{code}",
            "get /readyz",
            "get /session",
            "get /sse/{client}",
            "get /sse/{client}/watchers",
            "get /system/connections",
            "get /system/health",
            "get /system/stats",
            "get /uploads",
            "get /uploads/{id}",
            "get /uploads/{id}/accepted.csv",
            "get /uploads/{id}/problems",
            "get /uploads/{id}/problems.csv",
            "get /uploads/{id}/rejects.csv",
            "get /uploads/{id}/rows",
            "get /uploads/{id}/rows.csv",
            "get /uploads/{id}/rows.ndjson",
            "head /files/{id}",
            "options /files",
            "patch /files/{id}",
            "post /files",
            "post /session",
            "post /sse",
            "post /sse/{client}",
            "post /tickets",
            "post /upload/{client}",
            "post /uploads/{id}/cancel",
            "post /uploads/{id}/next",
            "post /uploads/{id}/reread",
        ]
    );
}

#[test]
fn every_operation_is_described_and_its_errors_are_problems() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (method, path, operation) in operations(&document) {
        let route = format!("{method} {path}");
        for member in ["summary", "operationId"] {
            assert!(operation[member].as_str().is_some_and(|text| !text.is_empty()), "{route} has no {member}");
        }
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{route}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(!response["description"].as_str().unwrap().is_empty(), "{route} {status}");
            // How the server is, is no problem of whoever asks: the answer says it the same way, well or not.
            if status.as_str() >= "400" && path != "/system/health" {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{route} {status}");
            }
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = &parameter["name"];
            assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{route} {name}");
            // Each of these is refused beside another that has one: who tries an operation out gets all that are filled in.
            let goes_alone = ["Upload-Defer-Length", "Upload-Concat", "Upload-Checksum", "numbers"];
            let is_alone = name.as_str().is_some_and(|name| goes_alone.contains(&name));
            assert_eq!(parameter["schema"]["example"].is_null(), is_alone, "{route} {name}: its example");
        }
    }
    for (name, schema) in schemas {
        let is_enum = schema["enum"].is_array();
        assert!(is_enum || !schema["example"].is_null(), "{name} has no example");
        assert!(schema["description"].is_string(), "{name} has no description");
    }
}

#[test]
fn every_code_is_documented_somewhere() {
    let text = openapi_document();
    for code in Code::all() {
        // Answered before there is an operation, or by the server's loop.
        let outside = ["method-not-allowed", "too-many-connections"];
        let told = text.contains(&format!("`{}`", code.as_str()));
        assert_eq!(told, !outside.contains(&code.as_str()), "{}", code.as_str());
    }
}

#[test]
fn the_upload_takes_a_file_and_the_stream_names_its_events() {
    let document = document();
    let upload = &document["paths"]["/upload/{client}"]["post"];
    let form = &upload["requestBody"]["content"]["multipart/form-data"]["schema"];
    assert_eq!(form["properties"]["file"]["format"], "binary");
    assert!(upload["requestBody"]["content"]["text/csv"].is_object());
    assert!(upload["responses"]["201"]["headers"].to_string().to_lowercase().contains("location"));
    let stream = &document["paths"]["/sse/{client}"]["get"]["responses"]["200"]["content"]["text/event-stream"];
    let kinds: Vec<&str> = stream["schema"]["items"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|schema| schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "RowEvent",
            "ProblemEvent",
            "ProgressEvent",
            "ToastEvent",
            "StageEvent",
            "ProfileEvent",
            "GapEvent",
            "PresenceEvent",
            "Stats"
        ]
    );
    for kind in kinds {
        assert!(document["components"]["schemas"][kind].is_object(), "{kind}");
    }
}

#[test]
fn the_gate_knows_every_operation_and_the_document_says_what_it_asks() {
    let document = document();
    let public = [
        "get /",
        "get /livez",
        "get /readyz",
        "get /docs",
        "get /openapi.json",
        "get /api",
        "get /system/health",
        "get /problems/{code}",
        "options /files",
    ];
    for (method, path, operation) in operations(&document) {
        let route = format!("{method} {path}");
        let known = gate::need(&method.to_uppercase().parse().unwrap(), &path);
        assert!(known.is_some(), "{route} is refused to everybody: it is not in the gate's table");
        let asked = operation["security"].as_array().map_or(0, Vec::len);
        assert_eq!(asked == 0, public.contains(&route.as_str()), "{route}");
        if asked > 0 && path != "/session" {
            let told = operation["responses"]["401"]["description"].as_str().unwrap();
            assert!(
                ["unauthenticated", "invalid-token", "token-expired"].iter().all(|code| told.contains(code)),
                "{route}"
            );
            assert!(operation["responses"]["403"].is_object(), "{route}");
        }
        for scheme in
            operation["security"].as_array().into_iter().flatten().flat_map(|scheme| scheme.as_object().unwrap())
        {
            assert!(document["components"]["securitySchemes"][scheme.0].is_object(), "{route} {scheme:?}");
        }
    }
    assert_eq!(gate::need(&poem::http::Method::GET, "/nothing"), None);
}
