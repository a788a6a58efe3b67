package fake

import (
	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
)

var operationRows = service{
	register: func(s *Server) { operation.RegisterOperationServiceServer(s.grpc, operationService{server: s}) },
	rows: []row{
		{method: OperationGet, check: checkInWorld, missing: operationMissing},
		{method: OperationCancel, check: checkInWorld, missing: operationMissing},
	},
}

func operationMissing(e *errand) *spb.Status { return contract.OperationNotFound(e.OperationID) }
