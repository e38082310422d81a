# Makes the installation's processed template fit for a stack set; see examples/organization-stackset.yaml.
#
# $name: what the installation is called in every account. A stack set's stacks have names of their own
# (StackSet-ecr-steward-…), which nobody can refer to.
# $buckets: the code lies in one bucket per Region, $buckets-<Region>.

if (.Resources | map(select(.Type | startswith("AWS::Serverless::"))) | length) > 0
then error("this is the template before its transform; ask for --template-stage Processed")
else . end
| del(.Transform)
| .Outputs.ServiceToken.Export.Name = $name + "-ServiceToken"
| .Resources.EventBus.Properties.Name = $name
| (.Resources[] | select(.Type == "AWS::Lambda::Function") | .Properties.Code.S3Bucket)
    = {"Fn::Sub": ($buckets + "-${AWS::Region}")}
