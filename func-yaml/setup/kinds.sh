# shellcheck shell=bash disable=SC2034,SC2154
# The kinds of things that `deploy` sets up, and the commands of Oracle's command line for each; read by `deploy`.

# Sets `list`, `get`, `create`, `update` and `region` for a kind. Identity is written in the home region alone.
commands_of() {
  local here_is=(--compartment-id "$CAUSEWAY_COMPARTMENT" --all) waits=(--wait-for-state SUCCEEDED)
  region=$CAUSEWAY_REGION get=() create=() update=()
  case $1 in
    topic) set -- ons topic --topic-id ;;
    bucket) set -- os bucket --bucket-name ;;
    application) set -- fn application --application-id ;;
    function) set -- fn function --function-id ;;
    schedule) set -- resource-scheduler schedule --schedule-id ;;
    group) set -- iam dynamic-group --dynamic-group-id ;;
    policy) set -- iam policy --policy-id ;;
    users) set -- iam group --group-id ;;
    subscription) set -- ons subscription --subscription-id ;;
    gateway) set -- api-gateway gateway --gateway-id ;;
    deployment) set -- api-gateway deployment --deployment-id ;;
    alarm) set -- monitoring alarm --alarm-id ;;
    rule) set -- events rule --rule-id ;;
  esac
  list=("$1" "$2" list "${here_is[@]}") get=("$1" "$2" get "$3") create=("$1" "$2" create) update=("$1" "$2" update --force)
  case $1 in
    iam) region=$CAUSEWAY_HOME_REGION list=("$1" "$2" list --compartment-id "$CAUSEWAY_TENANCY" --all) ;;
    api-gateway) create+=("${waits[@]}") update+=("${waits[@]}") ;;
  esac
  if [ "$1 $2" = "fn function" ]; then
    list=(fn function list --application-id "${ids[application $CAUSEWAY_APPLICATION]:-}" --all)
    create+=(container-function) update=(fn function update container-function --force)
  fi
}

# Kinds whose ids stand in the documents of a part.
needs() {
  case $1 in
    topics) echo topic ;;
    buckets) echo bucket ;;
    application) echo topic application ;;
    functions) echo topic application function ;;
    schedules) echo application function schedule ;;
    groups) echo "application function group ${CAUSEWAY_SECOND_BUCKET:+users}" ;;
    policies) echo application function schedule policy ;;
    lifecycle) ;;
    subscriptions) echo topic application function ;;
    gateway) echo application function gateway deployment ;;
    alarms) echo topic application function alarm ;;
    rules) echo application function rule ;;
  esac
}
