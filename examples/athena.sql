-- The archive of findings as a table for Amazon Athena, and questions to ask it.
--
-- ecr-steward writes one line of JSON for each change of a finding to
--   s3://<StateBucketName>/findings/archive/date=YYYY-MM-DD/account=…/region=…/repository=…/<image>-<change>.ndjson.gz
-- Put the stack's output StateBucketName where BUCKET stands (twice), and run the statements one by one.
--
-- The table is partitioned by day alone, and projected: no crawler and no ALTER TABLE ever. Account, Region and
-- repository are columns of every line, and Athena reads the folders below a day by itself. Ask with a condition on `day`
-- wherever you can: without one the whole archive is read.
--
-- Names are quoted here since some of them (`time`, `references`) mean something in DDL.

CREATE EXTERNAL TABLE IF NOT EXISTS ecr_findings (
  `time`            string COMMENT 'when the change was noticed, RFC 3339',
  `account`         string COMMENT 'the registry',
  `region`          string COMMENT 'where it is',
  `repository`      string COMMENT 'its name',
  `digest`          string COMMENT 'of the image',
  `tags`            array<string> COMMENT 'of the image, at that time',
  `index_digest`    string COMMENT 'the index (manifest list) the image belongs to',
  `platform`        string COMMENT 'of the image in that index: linux/arm64',
  `owner`           string COMMENT 'of the repository, where its tags say so',
  `scan_status`     string COMMENT 'ScanStatus of ECR',
  `scan_completed`  string COMMENT 'when the scan ended, RFC 3339',
  `change`          string COMMENT 'new, changed, fixed, waived, reactivated, archived',
  `id`              string COMMENT 'of the finding, the same in Security Hub',
  `vulnerability`   string COMMENT 'CVE-2026-0001',
  `package`         string COMMENT 'its name, empty where the scanner names none',
  `version`         string COMMENT 'of the package',
  `severity`        string COMMENT 'CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL',
  `severity_label`  string COMMENT 'the word of the scanner',
  `scanner`         string COMMENT 'basic, enhanced, or steward: could not be scanned',
  `title`           string COMMENT 'one line',
  `description`     string COMMENT 'what it is about',
  `url`             string COMMENT 'where to read on',
  `references`      array<string> COMMENT 'more places',
  `fix`             string COMMENT 'YES, PARTIAL, NO, UNKNOWN',
  `fixed_in`        string COMMENT 'the version that mends it',
  `exploit`         boolean COMMENT 'is an exploit known?',
  `epss`            double COMMENT 'probability of exploitation, 0 to 1',
  `cvss`            array<struct<version:string,score:double,vector:string,source:string>> COMMENT 'ratings',
  `architecture`    string COMMENT 'of the package',
  `manager`         string COMMENT 'of the package: OS, NPM, MAVEN',
  `epoch`           string COMMENT 'of an RPM',
  `release`         string COMMENT 'of an RPM',
  `layer`           string COMMENT 'that brought the package',
  `paths`           array<string> COMMENT 'where it lies in the image',
  `remediation`     string COMMENT 'what the scanner advises',
  `inspector_arn`   string COMMENT 'the finding in Amazon Inspector',
  `suppressed`      boolean COMMENT 'by a rule in Amazon Inspector',
  `first_observed`  string COMMENT 'by the scanner, RFC 3339',
  `waiver_reason`   string COMMENT 'why it is lived with',
  `waiver_owner`    string COMMENT 'who decided so',
  `waiver_until`    string COMMENT 'the last day on which that holds'
)
PARTITIONED BY (`day` string COMMENT 'YYYY-MM-DD, UTC')
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
LOCATION 's3://BUCKET/findings/archive/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.day.type' = 'date',
  'projection.day.format' = 'yyyy-MM-dd',
  'projection.day.range' = '2026-01-01,NOW',
  'projection.day.interval' = '1',
  'projection.day.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/findings/archive/date=${day}/'
);

-- 1. What is open now, the worst first, that an update would mend. The last word on a finding is its state. A year back
--    catches all but the images that nobody has scanned since.
WITH latest AS (
  SELECT *, row_number() OVER (PARTITION BY id ORDER BY time DESC) AS nth
  FROM ecr_findings
  WHERE day >= date_format(current_date - INTERVAL '365' DAY, '%Y-%m-%d')
)
SELECT account, region, repository, severity, vulnerability, package, version, fixed_in, count(*) AS images
FROM latest
WHERE nth = 1 AND change IN ('new', 'changed', 'reactivated') AND (fix IN ('YES', 'PARTIAL') OR fixed_in <> '')
GROUP BY account, region, repository, severity, vulnerability, package, version, fixed_in
ORDER BY CASE severity WHEN 'CRITICAL' THEN 1 WHEN 'HIGH' THEN 2 WHEN 'MEDIUM' THEN 3 WHEN 'LOW' THEN 4 ELSE 5 END,
         images DESC;

-- 2. Which images does one vulnerability sit in, and since when: the question of the morning after.
SELECT repository, digest, array_join(max_by(tags, time), ', ') AS tags, package, version,
       min(time) AS first_seen, max_by(change, time) AS state
FROM ecr_findings
WHERE day >= date_format(current_date - INTERVAL '365' DAY, '%Y-%m-%d') AND vulnerability = 'CVE-2026-0001'
GROUP BY repository, digest, package, version
ORDER BY first_seen;

-- 3. How long mending takes: from the first sight to the fix, by owner and severity, over the last quarter.
WITH lives AS (
  SELECT id, arbitrary(owner) AS owner, max_by(severity, time) AS severity,
         min(from_iso8601_timestamp(time)) FILTER (WHERE change = 'new') AS opened,
         max(from_iso8601_timestamp(time)) FILTER (WHERE change = 'fixed') AS closed
  FROM ecr_findings
  WHERE day >= date_format(current_date - INTERVAL '90' DAY, '%Y-%m-%d')
  GROUP BY id
)
SELECT coalesce(owner, '(nobody)') AS owner, severity, count(*) AS mended,
       approx_percentile(date_diff('hour', opened, closed), 0.5) / 24.0 AS median_days,
       max(date_diff('hour', opened, closed)) / 24.0 AS longest_days
FROM lives
WHERE opened IS NOT NULL AND closed > opened
GROUP BY coalesce(owner, '(nobody)'), severity
ORDER BY owner, severity;
